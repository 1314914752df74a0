import { z } from 'zod';
import { recipient, trustedKey } from '../keys.ts';

/** GiB that a Fargate task's own storage can hold; a larger one is a volume of EBS. */
export const ephemeralLimitGiB = 200;

/** vCPU units and the GiB of memory that Fargate sells with them. */
const fargateMemoryGiB: Readonly<Record<number, readonly [number, number]>> = {
  1024: [2, 8],
  2048: [4, 16],
  4096: [8, 30],
  8192: [16, 60],
  16384: [32, 120],
};

const size = (cpu: number, memoryGiB: number) =>
  z
    .strictObject({
      /** 1024 are one processor. */
      cpu: z.union([1024, 2048, 4096, 8192, 16_384].map((units) => z.literal(units))).default(cpu),
      memoryGiB: z.int().default(memoryGiB),
    })
    .refine(
      ({ cpu: units, memoryGiB: memory }) => {
        const [least, most] = fargateMemoryGiB[units] ?? [0, 0];
        return memory >= least && memory <= most;
      },
      {
        message:
          'is no size of Fargate: 1 processor takes 2 to 8 GiB, 2 take 4 to 16, 4 take 8 to 30',
      },
    );

/** A tag names one image for ever: the repositories refuse to move one. */
const imageTag = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/, 'must be a tag such as 1.4.0')
  .refine((tag) => tag !== 'latest', 'must name a version: tags cannot be moved');

/** The agent's place in AWS: what it runs, what it trusts, and how large its tasks are. */
export const backup = z.strictObject({
  imageTag,
  /** Of the PostgreSQL that drills restore into; as new as the database's or newer. */
  sandboxImageTag: imageTag,
  /** Compliance: not even the account's root shortens a lock. */
  objectLock: z.enum(['governance', 'compliance']),
  /** A vault of AWS Backup in an account of AWS's own; its lock can never be taken back. */
  airGappedVault: z.boolean().default(false),
  keys: z.strictObject({
    recipients: z.array(recipient).min(2, 'must name a primary and an escrow recipient'),
    trusted: z.array(trustedKey).min(1),
  }),
  task: size(1024, 2).prefault({}),
  drill: z.strictObject({
    size: size(2048, 8).prefault({}),
    /** Room for the restored database and attachments. */
    storageGiB: z.int().min(21).max(16_384),
  }),
});
export type BackupSection = z.infer<typeof backup>;
