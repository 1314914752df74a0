import { type Expression, type ForExpression, splatElement } from './expression.ts';
import { functions } from './functions.ts';
import { access, isLazy, type Operand, settle } from './operand.ts';
import { ExpressionError, parseTemplate } from './parse.ts';
import { isKnown, isObject, isSymbol, opaque, stripSymbols, textOf, type Value } from './value.ts';

/** What a name at the start of an expression stands for; undefined when nothing is known of it. */
export type Scope = (name: string) => Operand | undefined;

/** Resolves every template in a JSON value: the values of attributes, never names of attributes. */
export function resolve(value: Value, scope: Scope): Value {
  if (typeof value === 'string') return resolveText(value, scope);
  if (Array.isArray(value)) return (value as readonly Value[]).map((item) => resolve(item, scope));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      settleText(resolveText(key, scope)),
      resolve(item, scope),
    ]),
  );
}

const settleText = (value: Value): string =>
  typeof value === 'string' ? value : JSON.stringify(value);

function resolveText(text: string, scope: Scope): Value {
  const clean = stripSymbols(text);
  if (!clean.includes('${') && !clean.includes('%{')) return clean;
  return settle(evaluateText(clean, scope));
}

/** Evaluates one template; what cannot be parsed or known becomes opaque. */
export function evaluateText(text: string, scope: Scope): Operand {
  try {
    return evaluate(parseTemplate(text), scope);
  } catch (error) {
    if (error instanceof ExpressionError) return opaque(error.message);
    throw error;
  }
}

function evaluate(expression: Expression, scope: Scope): Operand {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'name':
      return scope(expression.name) ?? opaque(expression.name);
    case 'template':
      return template(expression.parts.map((part) => settle(evaluate(part, scope))));
    case 'index':
      return indexed(evaluate(expression.of, scope), settle(evaluate(expression.key, scope)));
    case 'splat':
      return splat(evaluate(expression.of, scope), expression.each, scope);
    case 'list':
      return expression.items.map((item) => evaluate(item, scope));
    case 'object':
      return Object.fromEntries(
        expression.entries.map(([key, value]) => [
          textOf(settle(evaluate(key, scope))),
          evaluate(value, scope),
        ]),
      );
    case 'conditional':
      return conditional(expression, scope);
    case 'unary':
      return unary(expression.operator, settle(evaluate(expression.of, scope)));
    case 'binary':
      return binary(expression.operator, settle(evaluate(expression.left, scope)), () =>
        settle(evaluate(expression.right, scope)),
      );
    case 'call':
      return call(expression, scope);
    case 'for':
      break;
  }
  return forExpression(expression, scope);
}

function template(parts: readonly Value[]): Value {
  const text = parts.map((part) => {
    if (part === null || typeof part === 'object') return opaque('a collection inside text', part);
    return String(part);
  });
  return text.join('');
}

function indexed(of: Operand, key: Value): Operand {
  if (typeof key === 'number') return access(of, key);
  return typeof key === 'string' && isKnown(key)
    ? access(of, key)
    : opaque('an index that is not known');
}

function splat(of: Operand, each: Expression, scope: Scope): Operand {
  const elements = isLazy(of) ? [of] : of;
  if (isSymbol(elements)) return opaque('a splat over what is not known', elements);
  const list: readonly Operand[] = Array.isArray(elements)
    ? elements
    : elements === null
      ? []
      : [elements];
  return list.map((element) =>
    evaluate(each, (name) => (name === splatElement ? element : scope(name))),
  );
}

function conditional(expression: Expression & { kind: 'conditional' }, scope: Scope): Operand {
  const test = settle(evaluate(expression.test, scope));
  if (!isKnown(test)) return opaque('a condition that is not known', test);
  return evaluate(
    test === true || test === 'true' ? expression.whenTrue : expression.whenFalse,
    scope,
  );
}

function unary(operator: string, of: Value): Value {
  if (!isKnown(of)) return opaque(`${operator} of what is not known`, of);
  return operator === '!' ? !(of === true || of === 'true') : -Number(of);
}

const arithmetic: Readonly<Record<string, (left: number, right: number) => number | boolean>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '%': (left, right) => left % right,
  '<': (left, right) => left < right,
  '>': (left, right) => left > right,
  '<=': (left, right) => left <= right,
  '>=': (left, right) => left >= right,
};

/** The right side is not looked at when the left decides, so that guards work as in Terraform. */
function binary(operator: string, left: Value, right: () => Value): Value {
  if (operator === '&&' && left === false) return false;
  if (operator === '||' && left === true) return true;
  const other = right();
  if (operator === '&&' && other === false) return false;
  if (operator === '||' && other === true) return true;
  if (!isKnown(left) || !isKnown(other))
    return opaque(`${operator} of what is not known`, left, other);
  if (operator === '&&' || operator === '||') return other;
  if (operator === '==' || operator === '!=')
    return (JSON.stringify(left) === JSON.stringify(other)) === (operator === '==');
  return arithmetic[operator]?.(Number(left), Number(other)) ?? opaque(operator);
}

function call(expression: Expression & { kind: 'call' }, scope: Scope): Operand {
  const args = expression.args.map((argument) => settle(evaluate(argument, scope)));
  const last = args.at(-1);
  if (expression.spread && !Array.isArray(last))
    return opaque(`${expression.name} over what is not known`, ...args);
  const all =
    expression.spread && Array.isArray(last)
      ? [...args.slice(0, -1), ...(last as readonly Value[])]
      : args;
  const implementation = functions.get(expression.name);
  if (!implementation) return opaque(`${expression.name}()`, ...all);
  const result = implementation(...all);
  return result === undefined
    ? opaque(`${expression.name}() of what is not known`, ...all)
    : result;
}

function forExpression(expression: ForExpression, scope: Scope): Operand {
  const over = settle(evaluate(expression.over, scope));
  if (isSymbol(over) || over === null || typeof over !== 'object')
    return opaque('a loop over what is not known', over);
  const results = Object.entries(over).flatMap(([key, value]) => {
    const inner = loopScope(
      expression.names,
      Array.isArray(over) ? Number(key) : key,
      value,
      scope,
    );
    if (expression.where && !isTruthy(settle(evaluate(expression.where, inner)))) return [];
    return [
      [
        expression.key && settle(evaluate(expression.key, inner)),
        evaluate(expression.value, inner),
      ] as const,
    ];
  });
  if (!expression.key) return results.map(([, value]) => value);
  if (!expression.grouped)
    return Object.fromEntries(results.map(([key, value]) => [textOf(key), value]));
  const groups = Map.groupBy(results, ([key]) => textOf(key));
  return Object.fromEntries(
    [...groups].map(([key, members]) => [key, members.map(([, value]) => value)]),
  );
}

function isTruthy(value: Value): boolean {
  return value === true || value === 'true';
}

function loopScope(names: readonly string[], key: Value, value: Value, scope: Scope): Scope {
  const [first, second] = names;
  return (name) => {
    if (name === (second ?? first)) return value;
    return second !== undefined && name === first ? key : scope(name);
  };
}
