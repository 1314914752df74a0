import { nist80053, hipaa, pci } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { display } from '../../engine/value.ts';
import { notApplicable, requires } from '../../engine/verdict.ts';

export const s3NameDns: Rule = {
  id: 's3-name-dns',
  title: 'Bucket names hold no dots',
  severity: 'note',
  rationale:
    "A dot in the name breaks TLS verification of the bucket's host name, and somebody will switch verification off.",
  remediation: 'Join words by hyphens.',
  controls: [
    ...nist80053('AC-4', 'AC-4(22)', 'AC-17(2)', 'AC-24(1)'),
    ...hipaa('164.312(a)(2)(iv)', '164.312(c)(2)', '164.312(e)(1)'),
    ...pci('2.2', '4.1'),
  ],
  check: resource('aws_s3_bucket', (bucket) =>
    bucket.get('bucket') === undefined
      ? notApplicable
      : requires(bucket, 'bucket', {
          expected: 'lower-case letters, digits and hyphens',
          test: (name) =>
            /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(
              display(name).replaceAll(/\$\{[^}]*\}|\(unknown[^)]*\)/g, 'xxx'),
            ),
        }),
  ),
};
