import type { IConstruct } from 'constructs';

/** What a resource may hold: `personal` is customers' data, `confidential` the company's own. */
export const classifications = ['personal', 'confidential', 'internal'] as const;
export type Classification = (typeof classifications)[number];

const declared = new WeakMap<IConstruct, Classification>();

/** Declares what a construct and everything below it may hold. */
export function classify(scope: IConstruct, classification: Classification): void {
  declared.set(scope, classification);
}

/** The classification of the nearest construct that declares one; `internal` without any. */
export function classificationOf(scope: IConstruct): Classification {
  const nearest = scope.node.scopes.toReversed().find((parent) => declared.has(parent));
  return (nearest && declared.get(nearest)) ?? 'internal';
}
