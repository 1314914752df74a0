import { renderPolicyDocument } from './policy-document.ts';
import { accountOf } from './resource.ts';
import { type Fields, isKnown, reference, type Value } from './value.ts';

/**
 * Attributes of data sources that follow from their own arguments and the provider's, so that they
 * need no cloud; undefined for all others. An account's number is one symbol in all stacks.
 */
export function knownData(
  type: string,
  name: string,
  argument: (name: string) => Value,
  provider: Fields,
): Value | undefined {
  if (type === 'aws_iam_policy_document' && (name === 'json' || name === 'minified_json'))
    return renderPolicyDocument(argument);
  if (type === 'aws_caller_identity' && ['account_id', 'id'].includes(name))
    return reference(`account(${accountOf(provider)})`, 'id');
  const region = provider['region'];
  if (typeof region !== 'string' || !isKnown(region)) return undefined;
  if (type === 'aws_region' && ['name', 'id', 'region'].includes(name)) return region;
  if (type === 'aws_partition' && ['partition', 'id'].includes(name)) return partitionOf(region);
  return undefined;
}

/** The partition of a region (docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html). */
function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
