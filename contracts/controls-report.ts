import { z } from 'zod';
import { timestamp } from './names.ts';

/** A text in both languages of reports. */
const text = z.strictObject({ en: z.string(), zh: z.string() });

/**
 * `absent` is what does not concern this environment: no such thing is there. All others count.
 * `attested` rests on a person's word alone; `overdue` is what held and is too old.
 */
export const controlStates = ['met', 'attested', 'partly', 'overdue', 'not', 'absent'] as const;
const state = z.enum(controlStates);
export type ControlState = z.infer<typeof state>;

export const partKinds = [
  'rule',
  'evidence',
  'setting',
  'service',
  'procedure',
  'inherited',
] as const;

/** One thing that a control rests on. */
const part = z.strictObject({
  kind: z.enum(partKinds),
  /** A rule's, evidence's, setting's or procedure's id, or a service's resource type. */
  subject: z.string(),
  title: text,
  state,
  why: text,
  /** Where the record of an attestation lies. */
  link: z.url().optional(),
});
export type ControlPart = z.infer<typeof part>;

const control = z.strictObject({
  id: z.string(),
  theme: z.string(),
  title: text,
  promise: text,
  state,
  parts: z.array(part),
  /** Requirements that it helps to meet, by framework. */
  frameworks: z.record(z.string(), z.array(z.string())),
});
export type JudgedControl = z.infer<typeof control>;

const requirement = z.strictObject({
  id: z.string(),
  title: text,
  /** Without one: no control names it. */
  state: state.optional(),
  controls: z.array(z.string()),
  /** Why no control is meant to meet it. */
  outOfScope: text.optional(),
});
export type JudgedRequirement = z.infer<typeof requirement>;

const framework = z.strictObject({
  id: z.string(),
  name: text,
  short: text,
  /** Requirements that the framework has, that controls name, and that are no product's matter. */
  total: z.int(),
  mapped: z.int(),
  outOfScope: z.int(),
  requirements: z.array(requirement),
});
export type JudgedFramework = z.infer<typeof framework>;

/** What `policies report` writes as JSON, and `holdfast evidence bundle --compliance` takes along. */
export const controlsReport = z.strictObject({
  format: z.literal('holdfast-controls/1'),
  madeAt: timestamp,
  environment: z.string().optional(),
  /** What it was made from. */
  inputs: z.strictObject({
    infrastructure: z.string(),
    resources: z.int(),
    rules: z.int(),
    agent: z.string().optional(),
    evidence: z.array(z.string()),
    attestations: z.string().optional(),
  }),
  themes: z.array(z.strictObject({ id: z.string(), title: text })),
  controls: z.array(control),
  frameworks: z.array(framework),
  /** What is wrong with attestations and evidence; the parts they were meant for lack them. */
  problems: z.array(z.strictObject({ where: z.string(), what: z.string() })),
});
export type ControlsReport = z.infer<typeof controlsReport>;
