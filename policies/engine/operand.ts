import { deepen, isObject, isSymbol, opaque, type Value } from './value.ts';

/** Something that is looked into by name, such as `var` or a resource, and resolved only on demand. */
export interface Lazy {
  readonly lazy: true;
  get(key: string | number): Operand;
  /** What it is worth when it is used as a value. */
  whole(): Value;
}

/** A value while an expression is evaluated. */
export type Operand = Value | Lazy | readonly Operand[] | { readonly [key: string]: Operand };

export function lazy(get: (key: string | number) => Operand, whole: () => Value): Lazy {
  return { lazy: true, get, whole };
}

export function isLazy(operand: Operand | undefined): operand is Lazy {
  return (
    typeof operand === 'object' && operand !== null && (operand as Partial<Lazy>).lazy === true
  );
}

/** Looks into an operand; what is not there is opaque, never an error. */
export function access(operand: Operand, key: string | number): Operand {
  if (isLazy(operand)) return operand.get(key);
  if (isSymbol(operand)) return deepen(operand, key);
  if (Array.isArray(operand))
    return (operand as readonly Operand[])[Number(key)] ?? opaque(`no element ${key}`);
  if (isObject(operand))
    return (operand as Readonly<Record<string, Operand>>)[key] ?? opaque(`no attribute ${key}`);
  return opaque(`no attribute ${key}`);
}

/** The operand as a plain value. */
export function settle(operand: Operand): Value {
  if (isLazy(operand)) return operand.whole();
  if (Array.isArray(operand)) return (operand as readonly Operand[]).map(settle);
  if (isObject(operand))
    return Object.fromEntries(
      Object.entries(operand as Readonly<Record<string, Operand>>).map(([key, value]) => [
        key,
        settle(value),
      ]),
    );
  return operand as Value;
}
