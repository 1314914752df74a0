import { Id } from '@cdktf/provider-random/lib/id/index.js';
import type { Construct } from 'constructs';
import { stackOf } from '../lib/environment-stack.ts';

/**
 * Eight hexadecimal digits for a name that must not come twice. They stay until one of `keepers` changes:
 * name there what makes the named thing another one.
 */
export function randomSuffix(
  scope: Construct,
  id: string,
  keepers: Readonly<Record<string, string>>,
): string {
  const provider = stackOf(scope).random;
  return new Id(scope, id, { provider, byteLength: 4, keepers: { ...keepers } }).hex;
}
