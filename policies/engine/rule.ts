import type { Graph } from './graph.ts';
import type { Resource } from './resource.ts';

export const severities = ['note', 'warning', 'error'] as const;
export type Severity = (typeof severities)[number];

/** A requirement of a framework that a rule helps to meet. */
export interface Control {
  readonly framework: string;
  readonly version: string;
  readonly id: string;
}

/** What a check says of one resource. */
export type Verdict =
  | { readonly outcome: 'pass' }
  | { readonly outcome: 'notApplicable' }
  | { readonly outcome: 'fail'; readonly actual: string; readonly expected: string }
  | { readonly outcome: 'unknown'; readonly actual: string; readonly expected: string };

export interface Judged {
  readonly resource: Resource;
  readonly verdict: Verdict;
}

/** Judges a graph: one entry per resource it has an opinion on. */
export type Check = (graph: Graph) => Iterable<Judged>;

export interface Rule {
  /** `<service>-<what>`; also the file's name and the documentation page's. */
  readonly id: string;
  /** The condition under which a resource passes, as one sentence. */
  readonly title: string;
  readonly severity: Severity;
  /** What may happen otherwise. */
  readonly rationale: string;
  readonly remediation: string;
  readonly controls: readonly Control[];
  /** No suppression is accepted. */
  readonly unsuppressible?: true;
  readonly check: Check;
}

/** A check that looks at each resource of these types. */
export function resource(
  types: string | readonly string[],
  judge: (resource: Resource, graph: Graph) => Verdict,
): Check {
  const wanted = typeof types === 'string' ? [types] : types;
  return (graph) =>
    graph.of(...wanted).map((one) => ({ resource: one, verdict: judge(one, graph) }));
}

/** A check that looks at relations between resources. */
export function graph(judge: (graph: Graph) => Iterable<Judged>): Check {
  return judge;
}
