import type { Graph } from '../engine/graph.ts';
import { isOpaque, referencesIn, textOf, type Value } from '../engine/value.ts';
import type { Condition } from '../engine/verdict.ts';

const keyTypes = [
  'aws_kms_key',
  'aws_kms_replica_key',
  'aws_kms_external_key',
  'aws_kms_alias',
] as const;

/** The value names a KMS key that the customer controls, not one that AWS manages. */
export function customerKey(graph: Graph): Condition {
  return { expected: 'a customer managed key', test: (value) => isCustomerKey(graph, value) };
}

function isCustomerKey(graph: Graph, value: Value | undefined): boolean | undefined {
  if (value === undefined || value === null || value === '') return false;
  const found = graph.referents(value, ...keyTypes);
  if (found.length > 0)
    return !found.some((key) =>
      textOf(key.get('name') ?? key.get('key_id')).startsWith('alias/aws/'),
    );
  if (isOpaque(value)) return undefined;
  const text = textOf(value);
  if (/(^|:)alias\/aws\//.test(text)) return false;
  if (/:kms:|^alias\/|^mrk-|^[0-9a-f-]{36}$/.test(text)) return true;
  return referencesIn(value).length > 0 ? undefined : false;
}
