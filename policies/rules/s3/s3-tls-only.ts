import { afsbp, cis, nist80053, hipaa, pci, gdpr } from '../../controls/frameworks.ts';
import { companion } from '../../analysis/companions.ts';
import {
  type Statement,
  coversAction,
  isForAnybody,
  isUnreadable,
  statementsOf,
} from '../../analysis/statements.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { unknown, when } from '../../engine/verdict.ts';

function refusesPlaintext(statement: Statement): boolean {
  const plaintext = statement.conditions.some(
    ({ operator, key, values }) =>
      /^bool/i.test(operator) &&
      key.toLowerCase() === 'aws:securetransport' &&
      values.includes('false'),
  );
  return (
    !statement.allows &&
    plaintext &&
    isForAnybody(statement) &&
    coversAction(statement, 's3:GetObject') &&
    coversAction(statement, 's3:PutObject')
  );
}

export const s3TlsOnly: Rule = {
  id: 's3-tls-only',
  title: 'Buckets refuse requests without TLS',
  severity: 'error',
  rationale: 'A request in the clear shows the content and the signature to everybody on the way.',
  remediation: "Deny s3:* where aws:SecureTransport is false, in the bucket's policy.",
  controls: [
    ...afsbp('S3.5'),
    ...cis('3.1.1'),
    ...nist80053('AC-4', 'AC-4(22)', 'AC-17(2)', 'AC-24(1)'),
    ...hipaa('164.312(a)(2)(iv)', '164.312(c)(2)', '164.312(e)(1)'),
    ...pci('2.2', '4.1'),
    ...gdpr('article_32'),
  ],
  check: resource('aws_s3_bucket', (bucket, everything) => {
    const expected = 'a deny of s3:* to all where aws:SecureTransport is false';
    const document =
      companion(everything, bucket, 'aws_s3_bucket_policy')?.get('policy') ?? bucket.get('policy');
    if (isUnreadable(document)) return unknown('a policy that is only known after apply', expected);
    return when(
      (statementsOf(document) ?? []).some(refusesPlaintext),
      document === undefined ? 'no policy' : 'no such statement',
      expected,
    );
  }),
};
