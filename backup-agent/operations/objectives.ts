import type { Objectives } from '../../contracts/job.ts';
import type { RepositoryFacts } from './job-facts.ts';

/** From best to worst. */
export const objectiveStates = ['met', 'at-risk', 'breached'] as const;
export type ObjectiveState = (typeof objectiveStates)[number];

export const objectiveNames = [
  'restorable',
  'rpo',
  'rto',
  'drillInterval',
  'offsiteLag',
  'verifyInterval',
] as const;
export type ObjectiveName = (typeof objectiveNames)[number];

export interface ObjectiveStatus {
  readonly name: ObjectiveName;
  readonly state: ObjectiveState;
  readonly targetMs?: number;
  readonly measuredMs?: number;
  readonly why: string;
}

/** From this share of the target on, an objective is at risk. */
const riskShare = 0.8;

interface Moment {
  readonly now: Date;
  /** When this host last verified the job. */
  readonly verified: Date | undefined;
}

/**
 * Compares a job's objectives with what its repositories hold. The RPO goes by the newest restorable
 * point off-site, or at home where there is no copy; RTO and drill interval go by signed evidence.
 * That there is a restorable backup at all is always an objective.
 */
export function judgeObjectives(
  targets: Objectives,
  facts: readonly RepositoryFacts[],
  moment: Moment,
): ObjectiveStatus[] {
  const judged = [judgeRestorable(facts)];
  const { rpo, rto, drillInterval, offsiteLag, verifyInterval } = targets;
  if (rpo !== undefined) judged.push(judgeRpo(rpo, facts, moment));
  if (rto !== undefined) judged.push(judgeRto(rto, facts));
  if (drillInterval !== undefined) judged.push(judgeDrills(drillInterval, facts, moment));
  if (offsiteLag !== undefined) judged.push(judgeLag(offsiteLag, facts));
  if (verifyInterval !== undefined) judged.push(judgeVerify(verifyInterval, facts, moment));
  return judged;
}

export function worstOf(judged: readonly { readonly state: ObjectiveState }[]): ObjectiveState {
  const worst = Math.max(0, ...judged.map(({ state }) => objectiveStates.indexOf(state)));
  return objectiveStates[worst] ?? 'breached';
}

function judgeRestorable(facts: readonly RepositoryFacts[]): ObjectiveStatus {
  const name = 'restorable';
  const unreadable = facts.filter((fact) => fact.unreadable !== undefined);
  if (facts.some(({ restorable }) => restorable)) {
    if (unreadable.length === 0) return { name, state: 'met', why: 'a restorable backup exists' };
    const names = unreadable.map(({ repository }) => repository).join(', ');
    return { name, state: 'at-risk', why: `cannot be read: ${names}` };
  }
  return { name, state: 'breached', why: 'no restorable backup is known' };
}

function judgeRpo(targetMs: number, facts: readonly RepositoryFacts[], { now }: Moment) {
  const where = pointsThatCount(facts);
  const newest = newestPoint(where);
  const place = where.some(({ offsite }) => offsite) ? 'off-site' : 'and there is no copy';
  if (newest === undefined) return breached('rpo', targetMs, `no restorable point ${place}`);
  const measuredMs = now.getTime() - newest;
  return measured('rpo', targetMs, measuredMs, `age of the newest restorable point ${place}`);
}

function judgeRto(targetMs: number, facts: readonly RepositoryFacts[]): ObjectiveStatus {
  const drill = newestDrill(facts);
  const rto = drill?.objectives.find(({ name }) => name === 'rto');
  if (!drill || !rto)
    return { name: 'rto', state: 'at-risk', targetMs, why: 'no drill has measured it' };
  if (drill.outcome === 'failed')
    return breached('rto', targetMs, `drill ${drill.id} did not restore`);
  return measured('rto', targetMs, rto.measuredMs, `measured by drill ${drill.id}`);
}

function judgeDrills(targetMs: number, facts: readonly RepositoryFacts[], { now }: Moment) {
  const drill = newestDrill(facts);
  if (!drill) return breached('drillInterval', targetMs, 'no drill has ever run');
  if (drill.outcome === 'failed')
    return breached('drillInterval', targetMs, `the newest drill failed: ${drill.id}`);
  const measuredMs = now.getTime() - Date.parse(drill.at);
  return measured('drillInterval', targetMs, measuredMs, `since drill ${drill.id} passed`);
}

function judgeLag(targetMs: number, facts: readonly RepositoryFacts[]): ObjectiveStatus {
  const home = newestPoint(facts.filter(({ offsite }) => !offsite));
  const away = newestPoint(facts.filter(({ offsite }) => offsite));
  if (home === undefined)
    return { name: 'offsiteLag', state: 'at-risk', targetMs, why: 'no backup to compare with' };
  if (away === undefined) return breached('offsiteLag', targetMs, 'nothing restorable off-site');
  const why = 'how far the newest point off-site lies behind the one at home';
  return measured('offsiteLag', targetMs, Math.max(0, home - away), why);
}

function judgeVerify(
  targetMs: number,
  facts: readonly RepositoryFacts[],
  { now, verified }: Moment,
): ObjectiveStatus {
  const recorded = facts.map(({ lastVerificationAt }) => Date.parse(lastVerificationAt ?? ''));
  const times = [...recorded, verified?.getTime() ?? Number.NaN].filter(Number.isFinite);
  if (times.length === 0) return breached('verifyInterval', targetMs, 'was never verified');
  const measuredMs = now.getTime() - Math.max(...times);
  return measured('verifyInterval', targetMs, measuredMs, 'since the last verification');
}

/** Off-site ones where there are any: a point at home alone does not survive the site. */
function pointsThatCount(facts: readonly RepositoryFacts[]): readonly RepositoryFacts[] {
  const copies = facts.filter(({ offsite }) => offsite);
  return copies.length > 0 ? copies : facts;
}

function newestPoint(facts: readonly RepositoryFacts[]): number | undefined {
  const points = facts.flatMap(({ restorable }) =>
    restorable ? [Date.parse(restorable.pointAt)] : [],
  );
  return points.length === 0 ? undefined : Math.max(...points);
}

function newestDrill(facts: readonly RepositoryFacts[]) {
  return facts
    .flatMap(({ lastDrill }) => lastDrill ?? [])
    .toSorted((left, right) => (left.at < right.at ? -1 : 1))
    .at(-1);
}

function measured(
  name: ObjectiveName,
  targetMs: number,
  measuredMs: number,
  why: string,
): ObjectiveStatus {
  const near = measuredMs > targetMs * riskShare;
  const state = measuredMs > targetMs ? 'breached' : near ? 'at-risk' : 'met';
  return { name, state, targetMs, measuredMs, why };
}

function breached(name: ObjectiveName, targetMs: number, why: string): ObjectiveStatus {
  return { name, state: 'breached', targetMs, why };
}
