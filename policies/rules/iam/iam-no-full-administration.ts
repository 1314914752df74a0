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

export const iamNoFullAdministration: Rule = {
  id: 'iam-no-full-administration',
  title: 'No policy allows everything on everything',
  severity: 'error',
  rationale: 'Its holder owns the account, the backups and the logs at once.',
  remediation: 'List the actions and resources that the role needs.',
  controls: [
    ...afsbp('IAM.1'),
    ...cis('2.15'),
    ...nist80053('AC-2i.2', 'AC-2(1)', 'AC-2(6)', 'AC-3'),
    ...hipaa('164.308(a)(3)(i)', '164.308(a)(3)(ii)(A)', '164.308(a)(3)(ii)(B)'),
    ...pci('2.2', '7.1.2'),
    ...iso27001('A.5.18', 'A.8.2'),
    ...gdpr('article_25'),
    ...soc2('cc_1_3'),
  ],
  check: forbids(
    'named actions and resources',
    (statement) =>
      (statement.actions.includes('*') ||
        (statement.notActions.length > 0 && statement.notActions.length < 20)) &&
      (statement.resources.includes('*') || statement.notResources.length > 0) &&
      statement.conditions.length === 0,
  ),
};
