import { nist80053, iso27001 } from '../../controls/frameworks.ts';
import { eachStatement, publicStatements } from '../../analysis/policies.ts';
import { type Rule, resource } from '../../engine/rule.ts';

export const snsPolicyNamesPrincipals: Rule = {
  id: 'sns-policy-names-principals',
  title: 'Topic policies allow named principals only',
  severity: 'error',
  rationale: 'Whoever may subscribe reads every alarm; whoever may publish forges them.',
  remediation: 'Name the accounts or services, or narrow by aws:SourceAccount or aws:SourceArn.',
  unsuppressible: true,
  controls: [...nist80053('AC-3'), ...iso27001('A.8.1')],
  check: resource(['aws_sns_topic_policy', 'aws_sns_topic'], (topic) =>
    eachStatement(
      topic.get('policy'),
      'named principals in every allowing statement',
      publicStatements,
    ),
  ),
};
