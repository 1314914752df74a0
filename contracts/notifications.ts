import { z } from 'zod';
import { name } from './names.ts';
import { secretReference } from './secret.ts';
import { duration } from './units.ts';

export const severities = ['warning', 'critical'] as const;
export type Severity = (typeof severities)[number];

export const webhookTemplates = ['json', 'slack', 'teams', 'wecom', 'dingtalk'] as const;
export type WebhookTemplate = (typeof webhookTemplates)[number];

const webhook = z.strictObject({
  type: z.literal('webhook'),
  /** A reference, for such an address is a secret: who knows it can post. */
  url: secretReference,
  template: z.enum(webhookTemplates).default('json'),
  /** Signs each request: see docs/operations/daemon.md. */
  secret: secretReference.optional(),
});

const email = z.strictObject({
  type: z.literal('email'),
  host: z.string().min(1),
  port: z.int().min(1).max(65_535).default(587),
  /** `starttls` refuses a server that cannot; `none` is for a relay on this machine. */
  encryption: z.enum(['tls', 'starttls', 'none']).default('starttls'),
  user: z.string().min(1).optional(),
  password: secretReference.optional(),
  from: z.email(),
  to: z.array(z.email()).min(1),
});

const sns = z.strictObject({
  type: z.literal('sns'),
  topicArn: z
    .string()
    .regex(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w.-]+$/, 'must be a topic’s ARN'),
  /** Other than AWS's own, such as a VPC endpoint. */
  endpoint: z.url().optional(),
  /** Of the AWS configuration; without one, AWS's own search order finds the credentials. */
  profile: z.string().min(1).optional(),
});

export const channel = z.discriminatedUnion('type', [webhook, email, sns]);

/** Whom the daemon tells when something breaks, still is broken, or heals. */
export const notifications = z.strictObject({
  channels: z.record(name, channel),
  /** Which channels hear of what; without rules every channel hears of all. */
  rules: z
    .array(
      z.strictObject({
        channels: z.array(name).min(1),
        jobs: z.array(name).min(1).optional(),
        /** The least that is told. */
        severity: z.enum(severities).default('warning'),
      }),
    )
    .default([]),
  remindEvery: duration.prefault('1d'),
  /** Pinged at a run's start (`/start`), success, and failure (`/fail`), as healthchecks.io has it. */
  heartbeats: z.array(z.strictObject({ job: name, url: secretReference })).default([]),
  /** The file of what people attest (docs/procedures/): the daemon reminds of what falls due. */
  attestations: z.string().min(1).optional(),
});

export type Notifications = z.infer<typeof notifications>;
export type ChannelConfiguration = z.infer<typeof channel>;
