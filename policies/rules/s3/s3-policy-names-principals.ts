import { afsbp, nist80053, hipaa, pci, iso27001, soc2 } from '../../controls/frameworks.ts';
import { eachStatement, publicStatements } from '../../analysis/policies.ts';
import { type Rule, resource } from '../../engine/rule.ts';

export const s3PolicyNamesPrincipals: Rule = {
  id: 's3-policy-names-principals',
  title: 'Bucket policies allow named principals only',
  severity: 'error',
  rationale: 'An allowance for any principal is public unless a condition happens to hold it back.',
  remediation:
    'Name the accounts or roles, or narrow by aws:PrincipalOrgID, aws:SourceArn or aws:SourceVpce.',
  controls: [
    ...afsbp('S3.3'),
    ...nist80053('AC-2(6)', 'AC-3', 'AC-3(7)', 'AC-4(21)'),
    ...hipaa('164.308(a)(3)(i)', '164.308(a)(4)(ii)(A)', '164.308(a)(4)(ii)(C)'),
    ...pci('1.2', '1.2.1'),
    ...iso27001('A.8.1'),
    ...soc2('cc_6_1'),
  ],
  check: resource(['aws_s3_bucket_policy', 'aws_s3_bucket'], (holder) =>
    eachStatement(
      holder.get('policy'),
      'named principals in every allowing statement',
      publicStatements,
    ),
  ),
};
