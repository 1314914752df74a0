import { parse } from 'yaml';
import { z } from 'zod';
import {
  attestationsFile,
  newestAttestations,
  readAttestations,
  type Attestation,
} from '../../contracts/attestations.ts';
import type { Procedure } from './control-catalogue.ts';
import { dayMs, dayOf, finding, type Finding } from './finding.ts';

/** The attestations file as a whole cannot be read. */
export class AttestationsError extends Error {
  override readonly name = 'AttestationsError';
}

export interface Attestations {
  readonly newest: ReadonlyMap<string, Attestation>;
  readonly problems: readonly { readonly where: string; readonly what: string }[];
}

export const noAttestations: Attestations = { newest: new Map(), problems: [] };

/**
 * Parses an attestations file. An entry that is malformed, or of no known procedure, becomes a problem,
 * and the control it was meant for lacks it.
 *
 * @throws {AttestationsError} when the file is not YAML, or not of the format's version
 */
export function parseAttestations(
  text: string,
  known: ReadonlyMap<string, Procedure>,
): Attestations {
  const file = attestationsFile.safeParse(parseYaml(text));
  if (!file.success)
    throw new AttestationsError(`not an attestations file: ${z.prettifyError(file.error)}`);
  const { attestations, malformed } = readAttestations(file.data);
  const newest = newestAttestations(attestations);
  const unknown = [...newest.keys()].filter((procedure) => !known.has(procedure));
  return {
    newest,
    problems: [
      ...malformed.map(({ entry, what }) => ({ where: `attestation ${entry}`, what })),
      ...unknown.map((procedure) => ({
        where: `attestation of ${procedure}`,
        what: `there is no such procedure; there are: ${[...known.keys()].join(', ')}`,
      })),
    ],
  };
}

function parseYaml(text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new AttestationsError(error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
}

/** Holds to the end of its last day, but never longer than the procedure allows. */
export function judgeAttestation(
  attestation: Attestation | undefined,
  { every }: Procedure,
  now: Date,
): Finding {
  if (!attestation) return finding('not', 'nobody has attested it', '无人证明');
  const { owner, date, due } = attestation;
  const latest = dayOf(new Date(Date.parse(date) + every * dayMs));
  const until = due < latest ? due : latest;
  const today = dayOf(now);
  if (date > today)
    return finding(
      'not',
      `${owner} attested it for ${date}, which is to come`,
      `${owner} 证明的日期 ${date} 尚未到来`,
    );
  if (today > until)
    return finding(
      'overdue',
      `${owner} attested it on ${date}; it was due again by ${until}`,
      `${owner} 于 ${date} 证明；应于 ${until} 前更新`,
    );
  return finding(
    'attested',
    `${owner} attested it on ${date}; it holds until ${until}`,
    `${owner} 于 ${date} 证明；有效至 ${until}`,
  );
}
