import { lstatSync, symlinkSync } from 'node:fs';
import { isWithin, joinPath, showPath, type Entry } from '../entry.ts';
import type { Metadata } from './metadata.ts';
import { replace, type Placement } from './placement.ts';
import type { RestoreReport } from './report.ts';
import type { Selection } from './selection.ts';
import type { Target } from './target.ts';
import { refusalCode } from './target-errors.ts';

export interface FinishOptions {
  readonly selection: Selection;
  readonly target: Target;
  readonly placement: Placement;
  readonly metadata: Metadata;
  readonly report: RestoreReport;
}

/**
 * Links and directories' metadata come last: nothing is written any more that a link could lead
 * astray, or that would change a directory's time. Each directory follows what lies in it.
 */
export async function finishTree(options: FinishOptions): Promise<void> {
  const open: Entry[] = [];
  const close = (until?: Buffer) => {
    for (let top = open.at(-1); top; top = open.at(-1)) {
      if (until && isWithin(until, top.path)) return;
      open.pop();
      finishDirectory(top, options);
    }
  };
  for await (const entry of options.selection.besideFiles()) {
    close(entry.path);
    if (entry.type === 'directory') open.push(entry);
    else makeLink(entry, options);
  }
  close(Buffer.from('/'));
  // The restore's own folder goes first, for its going changes the root's time.
  await options.target.close();
  close();
}

function finishDirectory(entry: Entry, { target, metadata, report }: FinishOptions): void {
  const absolute = joinPath(target.root, entry.path);
  if (lstatSync(absolute, { throwIfNoEntry: false })?.isDirectory())
    metadata.setPath(absolute, entry);
  else report.refused.push({ where: showPath(entry.path), what: 'is no directory any more' });
}

function makeLink(entry: Entry, options: FinishOptions): void {
  const { target, placement, metadata, report } = options;
  const decision = placement.decide(entry);
  if (decision.do === 'skip') report.skipped += 1;
  else if (decision.do === 'resumed') report.resumed += 1;
  else if (decision.do === 'refuse')
    report.refused.push({ where: showPath(entry.path), what: decision.what });
  else {
    const staged = target.stagedPath();
    try {
      symlinkSync(entry.target ?? '', staged);
      metadata.setLink(staged, entry);
      replace(target.root, staged, decision.path);
      report.restored += 1;
    } catch (error) {
      const code = refusalCode(error);
      if (code === undefined) throw error;
      report.refused.push({ where: showPath(entry.path), what: `cannot be made: ${code}` });
    }
  }
}
