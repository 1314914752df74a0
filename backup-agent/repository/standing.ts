import type { Evidence } from '../../contracts/evidence.ts';
import type { BackupRecord } from './backups.ts';
import { wholeChains } from './chain.ts';
import type { CommitRecord } from './commit-log.ts';
import type { EvidenceRecord } from './evidence.ts';

/**
 * What is known of a backup's worth. `proven`: a drill or a deep verification passed it. `failed`: the
 * newest of them did not, or found something wrong with what it hangs on. `suspicious`: nothing proved
 * it, and it looks wrong. `partial`: entries are missing from it. `unproven`: complete, and nothing more
 * is known.
 */
export type Standing = 'proven' | 'unproven' | 'partial' | 'suspicious' | 'failed';

export interface StandingOptions {
  readonly log: readonly CommitRecord[];
  readonly evidence: readonly EvidenceRecord[];
  readonly now: Date;
  /** Backups that differ from what is usual, see `findAnomalies`. */
  readonly anomalous: ReadonlySet<string>;
}

/** A full that holds less than this share of its predecessor's items is suspicious. */
const suspiciousShare = 0.5;
/** How far a writer's clock may be ahead of ours. */
const clockToleranceMs = 10 * 60_000;

/** The standing of every backup, by id. Backups come oldest first. */
export function standings(
  backups: readonly BackupRecord[],
  { log, evidence, now, anomalous }: StandingOptions,
): ReadonlyMap<string, Standing> {
  const verdicts = readVerdicts(backups, log, evidence);
  const suspicious = findSuspicious(backups, verdicts, now);
  return new Map(
    backups.map(({ manifest }) => {
      const verdict = verdicts.get(manifest.id);
      if (verdict === 'failed' || verdict === 'missed') return [manifest.id, 'failed'];
      if (manifest.status === 'partial') return [manifest.id, 'partial'];
      if (verdict === 'passed') return [manifest.id, 'proven'];
      const looksWrong = suspicious.has(manifest.id) || anomalous.has(manifest.id);
      return [manifest.id, looksWrong ? 'suspicious' : 'unproven'];
    }),
  );
}

/**
 * The backups that the newest deep verification or drill of them found wrong, and those that hang on
 * one, whenever they were taken. Backups come oldest first.
 */
export function condemnedBackups(
  backups: readonly BackupRecord[],
  log: readonly CommitRecord[],
  evidence: readonly EvidenceRecord[],
): readonly string[] {
  const verdicts = readVerdicts(backups, log, evidence);
  return [...verdicts].filter(([, verdict]) => verdict === 'failed').map(([id]) => id);
}

/** `missed`: a drill restored it whole, but not as an objective asks. That says nothing of others. */
type Verdict = 'passed' | 'missed' | 'failed';

/** The newest verdict on each backup, in the order of the log. */
function readVerdicts(
  backups: readonly BackupRecord[],
  log: readonly CommitRecord[],
  evidence: readonly EvidenceRecord[],
): ReadonlyMap<string, Verdict> {
  const digests = new Map(backups.map(({ manifest, digest }) => [manifest.id, digest]));
  const byCommit = new Map(evidence.map((record) => [record.sequence, record.evidence]));
  const verdicts = new Map<string, Verdict>();
  for (const { commit } of log) {
    const { subject } = commit;
    if (subject.type === 'verification') {
      for (const id of subject.passed) verdicts.set(id, 'passed');
      for (const id of subject.failed) verdicts.set(id, 'failed');
    }
    const drill = byCommit.get(commit.sequence);
    if (drill && digests.get(drill.backup.id) === drill.backup.manifestDigest)
      applyDrill(verdicts, drill);
  }
  // A later verdict that passes what hangs on a link passes the link with it.
  for (const { manifest } of backups)
    if (manifest.parent !== undefined && verdicts.get(manifest.parent) === 'failed')
      verdicts.set(manifest.id, 'failed');
  return verdicts;
}

/**
 * A drill that passed read the whole chain and asserted what it adds up to, so it proves every link; a
 * drill that failed says nothing of the links before the backup.
 */
function applyDrill(verdicts: Map<string, Verdict>, drill: Evidence): void {
  const { backup, outcome, assertions } = drill;
  const isWrong = assertions.some((assertion) => assertion.outcome === 'failed');
  if (outcome === 'failed') verdicts.set(backup.id, isWrong ? 'failed' : 'missed');
  else for (const id of new Set([...backup.chain, backup.id])) verdicts.set(id, 'passed');
}

function findSuspicious(
  backups: readonly BackupRecord[],
  verdicts: ReadonlyMap<string, Verdict>,
  now: Date,
): ReadonlySet<string> {
  const latest = now.getTime() + clockToleranceMs;
  const whole = wholeChains(backups);
  let formerItems = 0;
  return new Set(
    backups.flatMap(({ manifest: { id, kind, startedAt, items } }) => {
      const shrunk = kind === 'full' && items < formerItems * suspiciousShare;
      // A full that proved good is the new measure, however small it is.
      if (kind === 'full' && (!shrunk || verdicts.get(id) === 'passed')) formerItems = items;
      return shrunk || !whole.has(id) || Date.parse(startedAt) > latest ? [id] : [];
    }),
  );
}
