import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import {
  attestationsFile,
  newestAttestations,
  readAttestations,
  type Attestation,
} from '../../../contracts/attestations.ts';
import type { Finding } from './notifier.ts';

/** People are told this long before an attestation runs out. */
const noticeMs = 14 * 86_400_000;

/** Something found, under the key by which its changes are told. */
export interface KeyedFinding {
  readonly key: string;
  readonly finding: Finding;
}

/**
 * What falls due of what people attest: a warning from two weeks before the last day on, critical from
 * the day after it, and well again with the next attestation. A file that cannot be read, or an entry
 * that holds nothing, is a warning of its own. Never throws.
 */
export async function attestationFindings(file: string, now: Date): Promise<KeyedFinding[]> {
  try {
    const content = attestationsFile.parse(parse(await readFile(file, 'utf8')));
    const { attestations, malformed } = readAttestations(content);
    const problems = malformed.map(({ entry, what }) => `entry ${entry}: ${what}`);
    return [
      fileFinding(problems.length > 0 ? `${file}: ${problems.join(', ')}` : undefined),
      ...[...newestAttestations(attestations).values()].map((entry) => dueFinding(entry, now)),
    ];
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [fileFinding(`${file} cannot be read: ${why}`)];
  }
}

function fileFinding(problem: string | undefined): KeyedFinding {
  const finding = { severity: 'warning', ...(problem !== undefined && { problem }) } as const;
  return { key: 'attestations', finding };
}

function dueFinding({ procedure, owner, due, link }: Attestation, now: Date): KeyedFinding {
  const key = `procedure ${procedure}`;
  // The last day counts to its end.
  const left = Date.parse(due) + 86_400_000 - now.getTime();
  if (left > noticeMs) return { key, finding: { severity: 'warning' } };
  const overdue = left <= 0;
  return {
    key,
    finding: {
      severity: overdue ? 'critical' : 'warning',
      problem: `${overdue ? 'was due' : 'is due'} by ${due} (${owner}; last record: ${link})`,
    },
  };
}
