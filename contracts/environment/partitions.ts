/** What an environment may have to do without, because its partition lacks it. */
export const optionalServices = [
  'cognito',
  'cost-anomaly-detection',
  'guardduty-runtime',
  'macie',
  'site-to-site-vpn',
] as const;
export type OptionalService = (typeof optionalServices)[number];

export interface Partition {
  readonly name: 'aws' | 'aws-cn' | 'aws-us-gov' | 'aws-eusc';
  /** The domain of service endpoints. */
  readonly domain: string;
  /** What does not exist there; an environment turns each off by name. */
  readonly missing: readonly OptionalService[];
}

/**
 * One row a partition, by the start of its regions' names. AWS publishes the differences of China in
 * "Getting Started with Amazon Web Services in China"; a service that arrives is one word to remove.
 */
export const partitions: Readonly<Record<string, Partition>> = {
  'cn-': {
    name: 'aws-cn',
    domain: 'amazonaws.com.cn',
    missing: [
      'cognito',
      'cost-anomaly-detection',
      'guardduty-runtime',
      'macie',
      'site-to-site-vpn',
    ],
  },
  'us-gov-': {
    name: 'aws-us-gov',
    domain: 'amazonaws.com',
    missing: ['cost-anomaly-detection', 'macie'],
  },
  'eusc-': { name: 'aws-eusc', domain: 'amazonaws.eu', missing: [] },
};

const standard: Partition = { name: 'aws', domain: 'amazonaws.com', missing: [] };

/** The partition that a region lies in. */
export function partitionOf(region: string): Partition {
  const prefix = Object.keys(partitions).find((start) => region.startsWith(start));
  return (prefix && partitions[prefix]) || standard;
}
