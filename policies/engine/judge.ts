import type { Graph } from './graph.ts';
import type { EngineError, Report, Result } from './report.ts';
import type { Judged, Rule } from './rule.ts';
import { noSuppressions, type SuppressionSet } from './suppress.ts';

export interface JudgeOptions {
  readonly rules: readonly Rule[];
  readonly suppressions?: SuppressionSet;
  /** The day decides which suppressions still hold. */
  readonly now: Date;
  /** Suppressions may be limited to environments; without a name only unlimited ones count. */
  readonly environment?: string;
}

/** Applies every rule to the graph. Never throws for a rule's defect: that is an engine error. */
export function judgeGraph(graph: Graph, options: JudgeOptions): Report {
  const errors: EngineError[] = [];
  const found = options.rules.flatMap((rule) => apply(rule, graph, errors));
  const suppressions = options.suppressions ?? noSuppressions;
  const { results, problems } = suppressions.apply(found, options);
  return {
    resources: graph.resources.length,
    rules: options.rules.length,
    results,
    suppressionProblems: problems,
    errors,
  };
}

function apply(rule: Rule, graph: Graph, errors: EngineError[]): Result[] {
  try {
    return [...rule.check(graph)].map((judged) => result(rule, judged));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const stack = error instanceof Error ? error.stack : undefined;
    errors.push({ rule: rule.id, message, ...(stack !== undefined && { stack }) });
    return [];
  }
}

function result(rule: Rule, { resource, verdict }: Judged): Result {
  return {
    rule,
    address: resource.address,
    origin: resource.origin,
    severity: rule.severity,
    ...verdict,
  };
}
