import {
  afsbp,
  cis,
  nist80053,
  hipaa,
  pci,
  iso27001,
  gdpr,
  soc2,
} from '../../controls/frameworks.ts';
import { forbids } from '../../analysis/policies.ts';
import type { Rule } from '../../engine/rule.ts';

export const iamNoAnyAction: Rule = {
  id: 'iam-no-any-action',
  title: 'No policy allows every action, of AWS or of one service',
  severity: 'error',
  rationale: 'What a service adds next year is allowed too, unread.',
  remediation: 'List the actions; a prefix such as s3:Get* is enough.',
  controls: [
    ...afsbp('IAM.1'),
    ...cis('2.15'),
    ...nist80053('AC-3', 'AC-5b', 'AC-6(2)', 'AC-6(10)'),
    ...hipaa('164.308(a)(3)(i)', '164.308(a)(3)(ii)(A)', '164.308(a)(3)(ii)(B)'),
    ...pci('7.1.2', '7.1.3'),
    ...iso27001('A.5.18', 'A.8.2'),
    ...gdpr('article_25'),
    ...soc2('cc_1_3'),
  ],
  check: forbids('listed actions', (statement) =>
    statement.actions.some((action) => action === '*' || /^[\w-]+:\*$/.test(action)),
  ),
};
