import type { Damage } from './damage.ts';

export interface Linked {
  readonly id: string;
  /** Absent for a full, and where the manifest cannot be read. */
  readonly parent?: string | undefined;
}

export interface Impact {
  /** Backups that do not restore, with the damaged ones that they need. */
  readonly broken: ReadonlyMap<string, readonly string[]>;
  /** Backups that restore as far as was checked, oldest first. */
  readonly sound: readonly string[];
}

/** Which backups the damage reaches: those it lies in, and all that hang on them. Oldest come first. */
export function impactOf(backups: readonly Linked[], damage: readonly Damage[]): Impact {
  const hit = new Set(damage.flatMap(({ backup }) => (backup === undefined ? [] : [backup])));
  const broken = new Map<string, readonly string[]>();
  const sound: string[] = [];
  for (const { id, parent } of backups) {
    const inherited = (parent === undefined ? undefined : broken.get(parent)) ?? [];
    const causes = hit.has(id) ? [...inherited, id] : inherited;
    if (causes.length > 0) broken.set(id, causes);
    else sound.push(id);
  }
  return { broken, sound };
}

/** The backups that need a damaged one, itself included. */
export function dependentsOf(impact: Impact, backup: string): string[] {
  return [...impact.broken].filter(([, causes]) => causes.includes(backup)).map(([id]) => id);
}
