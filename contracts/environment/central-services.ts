import { z } from 'zod';

/**
 * What the audit stack runs for this account alone, and what an organization may run for all of its
 * accounts instead.
 */
export const centralServices = [
  'access-analyzer',
  'cloudtrail',
  'config',
  'costs',
  'guardduty',
  'inspector',
  'macie',
  'securityhub',
] as const;
export type CentralService = (typeof centralServices)[number];

/** A service that the organization runs, with who runs it and where its findings are read. */
export const runCentrally = z
  .array(
    z.strictObject({
      service: z.enum(centralServices),
      reason: z.string().trim().min(20, 'must explain itself in at least 20 characters'),
    }),
  )
  .default([]);

/** Whether the organization runs this service, so that the account does not. */
export function isRunCentrally(
  file: { readonly runCentrally: readonly { readonly service: CentralService }[] },
  service: CentralService,
): boolean {
  return file.runCentrally.some((entry) => entry.service === service);
}
