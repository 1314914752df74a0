import type { Entry } from './entry.ts';

/** The turn of one name among all names of a file. */
export interface LinkTurn {
  /** What an earlier name was stored as, once that is known; undefined when none was. */
  readonly earlier: Promise<Entry | undefined>;
  /** Tells the next name. To be called once the turn is over, whatever came of it. */
  settle(stored: Entry | undefined): void;
}

/**
 * Names of one file may fall into segments that are packed at the same time. Here the later ones
 * wait for the first, so that all refer to one content.
 */
export class LinkGroups {
  readonly #last = new Map<string, Promise<Entry | undefined>>();

  /** To be called in the order of the walk. `firstName` stands for the file. */
  join(firstName: Buffer): LinkTurn {
    const group = firstName.toString('latin1');
    const earlier = this.#last.get(group) ?? Promise.resolve(undefined);
    const turn = Promise.withResolvers<Entry | undefined>();
    this.#last.set(group, turn.promise);
    return { earlier, settle: turn.resolve };
  }
}
