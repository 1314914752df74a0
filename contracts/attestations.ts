import { z } from 'zod';
import { name } from './names.ts';

/** Somebody vouches that what only people can do was done, and says until when that holds. */
export const attestation = z
  .strictObject({
    /** The procedure's id, as `policies/controls/procedures.yaml` lists them. */
    procedure: name,
    /** Who answers for it. */
    owner: z.string().trim().min(1, 'must name who answers for it'),
    /** The day on which it was done. */
    date: z.iso.date(),
    /** The last day (UTC) on which it holds; the next is due by then. */
    due: z.iso.date(),
    /** Where the record lies. */
    link: z.url({ protocol: /^https?$/, message: 'must be an http or https address' }),
    note: z.string().trim().min(1).optional(),
  })
  .refine(({ date, due }) => date < due, {
    path: ['due'],
    message: 'must lie after the day on which it was done',
  });
export type Attestation = z.infer<typeof attestation>;

/** An attestations file. Entries are parsed one by one, so that a bad one spoils no other. */
export const attestationsFile = z.strictObject({
  version: z.literal(1),
  attestations: z.array(z.unknown()).default([]),
});

/** The entries of an attestations file that hold what they must, and what is wrong with the others. */
export function readAttestations(file: z.infer<typeof attestationsFile>): {
  readonly attestations: Attestation[];
  readonly malformed: { readonly entry: number; readonly what: string }[];
} {
  const parsed = file.attestations.map((entry) => attestation.safeParse(entry));
  return {
    attestations: parsed.flatMap(({ success, data }) => (success ? [data] : [])),
    malformed: parsed.flatMap(({ error }, index) =>
      error ? [{ entry: index + 1, what: issues(error) }] : [],
    ),
  };
}

function issues(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => `${path.join('.') || 'entry'}: ${message}`)
    .join('; ');
}

/** The newest attestation of each procedure. */
export function newestAttestations(
  attestations: readonly Attestation[],
): ReadonlyMap<string, Attestation> {
  const oldestFirst = attestations.toSorted((one, other) => (one.date < other.date ? -1 : 1));
  return new Map(oldestFirst.map((entry) => [entry.procedure, entry]));
}
