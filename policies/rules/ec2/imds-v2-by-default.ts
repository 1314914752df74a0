import { afsbp, cis, nist80053, hipaa, iso27001, soc2 } from '../../controls/frameworks.ts';
import { accountGuard } from '../../analysis/guards.ts';
import type { Rule } from '../../engine/rule.ts';
import { equals, requires } from '../../engine/verdict.ts';

export const imdsV2ByDefault: Rule = {
  id: 'imds-v2-by-default',
  title: 'Instances accept metadata requests with a token only',
  severity: 'error',
  rationale:
    "Version 1 answers any request forged through the application with the instance's credentials.",
  remediation: 'Add an aws_ec2_instance_metadata_defaults with http_tokens required.',
  controls: [
    ...afsbp('EC2.8'),
    ...cis('6.7'),
    ...nist80053('AC-2(6)', 'AC-3', 'AC-3(3)(a)', 'AC-3(3)(b)(1)'),
    ...hipaa('164.308(a)(3)(i)', '164.308(a)(4)(ii)(A)', '164.308(a)(4)(ii)(C)'),
    ...iso27001('A.8.20', 'A.8.21'),
    ...soc2('cc_7_2'),
  ],
  check: accountGuard(
    'aws_iam_account_password_policy',
    'aws_ec2_instance_metadata_defaults',
    (defaults) => requires(defaults, 'http_tokens', equals('required')),
  ),
};
