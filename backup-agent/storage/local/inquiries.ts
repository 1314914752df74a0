/**
 * Questions to the file system that are under way. Who asks the same meanwhile gets the same answer:
 * ten thousand documents of one folder are read sixteen at a time, and the folder is looked at once
 * for all sixteen. No answer is kept.
 */
export class Inquiries {
  readonly #underWay = new Map<string, Promise<unknown>>();

  /** The answer of `ask`, which is always the same question for the same `name`. */
  async ask<Answer>(name: string, ask: () => Promise<Answer>): Promise<Answer> {
    const known = this.#underWay.get(name);
    // The same name asks the same question, so the answer has the same type.
    if (known) return (await known) as Answer;
    const answer = ask();
    this.#underWay.set(name, answer);
    try {
      return await answer;
    } finally {
      if (this.#underWay.get(name) === answer) this.#underWay.delete(name);
    }
  }

  /** After a change nobody may get an answer from before it. */
  forget(): void {
    this.#underWay.clear();
  }
}
