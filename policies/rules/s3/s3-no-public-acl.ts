import { afsbp, nist80053, hipaa, pci } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { display, isKnown, textOf } from '../../engine/value.ts';
import { fail, unknown, when } from '../../engine/verdict.ts';

const opening = new Set(['public-read', 'public-read-write', 'authenticated-read', 'website']);

export const s3NoPublicAcl: Rule = {
  id: 's3-no-public-acl',
  title: 'No access list opens a bucket to everybody or to every AWS account',
  severity: 'error',
  rationale:
    'Such a grant publishes the content; authenticated-read means anybody with any AWS account.',
  remediation: "Remove the access list and enforce the owner's ownership.",
  unsuppressible: true,
  controls: [
    ...afsbp('S3.3'),
    ...nist80053('AC-2(6)', 'AC-3', 'AC-3(7)', 'AC-4(21)'),
    ...hipaa('164.308(a)(3)(i)', '164.308(a)(4)(ii)(A)', '164.308(a)(4)(ii)(C)'),
    ...pci('1.2', '1.2.1'),
  ],
  check: resource(['aws_s3_bucket', 'aws_s3_bucket_acl'], (holder) => {
    const groups = holder
      .blocks('access_control_policy.grant.grantee')
      .map((grantee) => textOf(grantee['uri']));
    const group = groups.find((uri) => /AllUsers|AuthenticatedUsers/.test(uri));
    if (group !== undefined) return fail(`grants to ${group}`, 'no grant to everybody');
    if (!isKnown(holder.get('acl') ?? null))
      return unknown(`acl is ${display(holder.get('acl'))}`, 'private or no access list');
    return when(
      !opening.has(textOf(holder.get('acl'))),
      `acl is ${textOf(holder.get('acl'))}`,
      'private or no access list',
    );
  }),
};
