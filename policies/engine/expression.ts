import type { Value } from './value.ts';

/** The expression part of Terraform's language, as its JSON syntax carries it inside `${…}`. */
export type Expression =
  | { readonly kind: 'literal'; readonly value: Value }
  | { readonly kind: 'template'; readonly parts: readonly Expression[] }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'index'; readonly of: Expression; readonly key: Expression }
  | { readonly kind: 'splat'; readonly of: Expression; readonly each: Expression }
  | {
      readonly kind: 'call';
      readonly name: string;
      readonly args: readonly Expression[];
      readonly spread: boolean;
    }
  | { readonly kind: 'unary'; readonly operator: string; readonly of: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: 'conditional';
      readonly test: Expression;
      readonly whenTrue: Expression;
      readonly whenFalse: Expression;
    }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [Expression, Expression])[] }
  | ForExpression;

export interface ForExpression {
  readonly kind: 'for';
  readonly names: readonly string[];
  readonly over: Expression;
  /** Present when the result is an object. */
  readonly key?: Expression;
  readonly value: Expression;
  readonly where?: Expression;
  /** `...` after the value: values of equal keys are collected in lists. */
  readonly grouped: boolean;
}

/** The name under which a splat's expression sees the current element. */
export const splatElement = '*';
