import { nist80053, iso27001 } from '../../controls/frameworks.ts';
import { accountGuard } from '../../analysis/guards.ts';
import type { Rule } from '../../engine/rule.ts';
import { includes, requires } from '../../engine/verdict.ts';

export const inspectorEnabled: Rule = {
  id: 'inspector-enabled',
  title: 'Inspector looks for known flaws wherever the account is audited',
  severity: 'warning',
  rationale: 'A flaw that everybody knows is the first that is tried.',
  remediation: 'Add an aws_inspector2_enabler for ECR and, where used, EC2 and Lambda.',
  controls: [...nist80053('SI-2(2)'), ...iso27001('A.8.8')],
  check: accountGuard(
    'aws_cloudtrail',
    'aws_inspector2_enabler',
    (enabler) => requires(enabler, 'resource_types', includes('ECR')),
    'inspector',
  ),
};
