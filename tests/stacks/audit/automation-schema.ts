import { z } from 'zod';

/**
 * Automation runbooks as AWS documents them, schema version 0.3, for the actions that the stacks use; what
 * is not named there is refused.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-syntax-data-elements-parameters.html
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-actions.html
 */

const name = z.string().regex(/^[a-zA-Z0-9_]{1,50}$/);
const reference = z.string().regex(/^\{\{ ?[\w:.]+ ?\}\}$/);

const output = z.strictObject({
  Name: z.string().regex(/^[a-zA-Z0-9]+$/),
  Selector: z.string().startsWith('$.'),
  Type: z.enum(['String', 'Integer', 'Boolean', 'StringList', 'StringMap', 'MapList']),
});

const shared = {
  name,
  description: z.string().min(1).optional(),
  onFailure: z
    .union([z.enum(['Abort', 'Continue']), z.string().regex(/^step:\w+$/)])
    .default('Abort'),
  onCancel: z.union([z.literal('Abort'), z.string().regex(/^step:\w+$/)]).optional(),
  isCritical: z.boolean().optional(),
  isEnd: z.boolean().optional(),
  nextStep: name.optional(),
  maxAttempts: z.int().min(1).optional(),
  timeoutSeconds: z.int().min(1).optional(),
  outputs: z.array(output).default([]),
};

const service = z.string().regex(/^[a-z0-9-]+$/);
const api = z.string().regex(/^[A-Z]\w+$/);

/** Whatever the API takes stands beside `Service` and `Api`. */
const callApi = z.strictObject({
  ...shared,
  action: z.literal('aws:executeAwsApi'),
  inputs: z.looseObject({ Service: service, Api: api }),
});

const waitFor = z.strictObject({
  ...shared,
  action: z.literal('aws:waitForAwsResourceProperty'),
  inputs: z.looseObject({
    Service: service,
    Api: api,
    PropertySelector: z.string().startsWith('$.'),
    DesiredValues: z.array(z.string()).min(1),
  }),
});

const runScript = z.strictObject({
  ...shared,
  action: z.literal('aws:executeScript'),
  // The service ends a script after ten minutes.
  timeoutSeconds: z.int().min(1).max(600).optional(),
  inputs: z.strictObject({
    Runtime: z.enum(['python3.11', 'PowerShell 7.0', 'PowerShell 7.4']),
    Handler: z.string().regex(/^\w+$/),
    InputPayload: z.record(z.string(), z.unknown()).optional(),
    Script: z.string().min(1),
  }),
});

const loop = z.strictObject({
  ...shared,
  action: z.literal('aws:loop'),
  inputs: z.strictObject({
    Iterators: reference,
    IteratorDataType: z.enum(['Boolean', 'Integer', 'String', 'StringMap']),
    MaxIterations: z.int().min(1).max(100).optional(),
    // A loop holds no other loop.
    Steps: z.array(z.discriminatedUnion('action', [callApi, waitFor, runScript])).min(1),
  }),
});

export const runbookStep = z.discriminatedUnion('action', [callApi, waitFor, runScript, loop]);
export type RunbookStep = z.infer<typeof runbookStep>;

export const runbook = z.strictObject({
  schemaVersion: z.literal('0.3'),
  description: z.string().optional(),
  assumeRole: z.string().min(1),
  parameters: z.record(
    name,
    z.strictObject({
      type: z.enum(['String', 'StringList', 'Boolean', 'Integer', 'MapList', 'StringMap']),
      description: z.string().optional(),
      default: z.unknown().optional(),
      allowedValues: z.array(z.string()).optional(),
      allowedPattern: z.string().optional(),
      minChars: z.int().optional(),
      maxChars: z.int().optional(),
    }),
  ),
  mainSteps: z.array(runbookStep).min(1),
  outputs: z.array(z.string()).optional(),
});
export type ParsedRunbook = z.infer<typeof runbook>;

/** Everything that a value names as `{{ … }}`. */
export function referencesIn(value: unknown): string[] {
  return [...JSON.stringify(value).matchAll(/\{\{ ?([\w:.]+) ?\}\}/g)].map(([, text = '']) => text);
}

/**
 * What a runbook names without having it: each reference must be a parameter, a variable of the service, an
 * output of an earlier step, or the value of the loop that it stands in.
 */
export function danglingReferences({ parameters, mainSteps }: ParsedRunbook): string[] {
  const known = new Set([
    ...Object.keys(parameters),
    'global:DATE_TIME',
    'automation:EXECUTION_ID',
  ]);
  return mainSteps.flatMap((step) => {
    const within = step.action === 'aws:loop' ? [`${step.name}.CurrentIteratorValue`] : [];
    const missing = referencesIn(step.inputs).filter(
      (one) => !known.has(one) && !within.includes(one),
    );
    for (const { Name } of step.outputs) known.add(`${step.name}.${Name}`);
    return missing.map((one) => `${step.name}: ${one}`);
  });
}
