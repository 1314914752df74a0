import { stringify } from 'yaml';

/** A value that a later step names as `{{ step.name }}`. */
interface StepOutput {
  readonly Name: string;
  /** JSONPath into the response. */
  readonly Selector: string;
  readonly Type: 'String' | 'StringList' | 'StringMap';
}

/** One step of a runbook, in the words of AWS Systems Manager Automation. */
export interface Step {
  readonly name: string;
  readonly action:
    | 'aws:executeAwsApi'
    | 'aws:executeScript'
    | 'aws:loop'
    | 'aws:waitForAwsResourceProperty';
  readonly description: string;
  /** `Continue` where what follows must happen all the same; the run still counts as failed. */
  readonly onFailure?: 'Abort' | 'Continue';
  readonly isCritical?: boolean;
  readonly isEnd?: boolean;
  readonly timeoutSeconds?: number;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs?: readonly StepOutput[];
}

export interface Runbook {
  readonly description: string;
  readonly roleArn: string;
  readonly parameters: Readonly<
    Record<string, { readonly description: string; readonly allowedPattern: string }>
  >;
  readonly steps: readonly Step[];
}

/** What every incident is called by: the name of its ticket, which becomes part of keys and names. */
export const incidentParameter = {
  Incident: {
    description: 'The incident, by its ticket: letters, digits and hyphens',
    allowedPattern: '^[A-Za-z][A-Za-z0-9-]{0,39}$',
  },
};

/** The marks of an incident on what it touches. */
export const incidentTags = [
  { Key: 'Incident', Value: '{{ Incident }}' },
  { Key: 'IsolatedAt', Value: '{{ global:DATE_TIME }}' },
];

/**
 * A runbook as YAML, schema version 0.3: JSON ones take no script.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-schemas-features.html
 */
export function renderRunbook({ description, roleArn, parameters, steps }: Runbook): string {
  return stringify(
    {
      schemaVersion: '0.3',
      description,
      assumeRole: roleArn,
      parameters: Object.fromEntries(
        Object.entries(parameters).map(([name, one]) => [name, { type: 'String', ...one }]),
      ),
      mainSteps: steps,
    },
    { aliasDuplicateObjects: false },
  );
}
