import { resolve, type Scope } from './evaluate.ts';
import { asList, type Fields, isObject, isSymbol, opaque, textOf, type Value } from './value.ts';

/** The names of a resource's `dynamic` blocks. */
export function dynamicNames(raw: Fields): string[] {
  return asList(raw['dynamic']).filter(isObject).flatMap(Object.keys);
}

/** A resource's `dynamic` block of this name. */
export function dynamicBlock(raw: Fields, name: string): Fields | undefined {
  const found = asList(raw['dynamic'])
    .filter(isObject)
    .map((one) => one[name])
    .find((one) => one !== undefined);
  const block = asList(found)[0];
  return isObject(block) ? block : undefined;
}

/** A `dynamic` block written out, when what it loops over is known. */
export function expandDynamic(block: Fields, name: string, scope: Scope): Value {
  const over = resolve(block['for_each'] ?? null, scope);
  if (isSymbol(over) || over === null || typeof over !== 'object')
    return opaque(`dynamic ${name}`, over);
  const iterator = textOf(block['iterator'] ?? name);
  return Object.entries(over).map(([key, value]) => {
    const current = { key: Array.isArray(over) ? Number(key) : key, value };
    return resolve(asList(block['content'])[0] ?? {}, (one) =>
      one === iterator ? current : scope(one),
    );
  });
}
