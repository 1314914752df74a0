import { environmentResource } from './engine/environment.ts';
import { judgeGraph } from './engine/judge.ts';
import { graphOf, type InputFile, load } from './engine/load.ts';
import { withLines } from './engine/locate.ts';
import type { Report } from './engine/report.ts';
import type { SuppressionSet } from './engine/suppress.ts';
import type { Fields } from './engine/value.ts';
import { rules } from './rules/index.ts';

export { blocking, exitCode, type Gate } from './engine/gate.ts';
export { type InputFile, LoadError } from './engine/load.ts';
export { type Report, type Result } from './engine/report.ts';
export {
  noSuppressions,
  parseSuppressions,
  SuppressionsError,
  type SuppressionSet,
} from './engine/suppress.ts';
export { renderText } from './reporters/text.ts';

export interface JudgeOptions {
  /** From `parseSuppressions`; none by default. */
  readonly suppressions?: SuppressionSet;
  /** The day decides which suppressions still hold. */
  readonly now: Date;
  /** The environment the stacks were made for, with its file's content, for rules that compare. */
  readonly environment?: { readonly name: string; readonly content: Fields };
}

/**
 * Applies every rule to stacks that are not written yet: for a validation during synthesis.
 * `content` is what the stack's `cdk.tf.json` will hold, with its `"//"` metadata.
 *
 * @throws {LoadError} when a document is not Terraform's JSON
 */
export function judge(stacks: readonly InputFile[], options: JudgeOptions): Report {
  return judgeGraph(graphOf(stacks, environmentOf(options)), settings(options));
}

/**
 * Applies every rule to a CDKTF output directory, a file in Terraform's JSON syntax or a plan.
 *
 * @throws {LoadError} naming the file and what is wrong with it
 */
export async function judgePath(path: string, options: JudgeOptions): Promise<Report> {
  return withLines(judgeGraph(await load(path, environmentOf(options)), settings(options)));
}

function environmentOf({ environment }: JudgeOptions): ReturnType<typeof environmentResource>[] {
  return environment ? [environmentResource(environment.name, environment.content)] : [];
}

function settings({
  suppressions,
  now,
  environment,
}: JudgeOptions): Parameters<typeof judgeGraph>[1] {
  return {
    rules,
    now,
    ...(suppressions && { suppressions }),
    ...(environment && { environment: environment.name }),
  };
}
