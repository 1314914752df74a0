import { nist80053, iso27001 } from '../../controls/frameworks.ts';
import { eachStatement, publicStatements } from '../../analysis/policies.ts';
import { type Rule, resource } from '../../engine/rule.ts';

export const ecrNamesPrincipals: Rule = {
  id: 'ecr-names-principals',
  title: 'Image repositories let named principals in only',
  severity: 'error',
  rationale: 'Whoever may push runs code in production.',
  remediation: "Name the accounts or roles in the repository's policy.",
  unsuppressible: true,
  controls: [...nist80053('AC-3'), ...iso27001('A.8.1')],
  check: resource('aws_ecr_repository_policy', (holder) =>
    eachStatement(holder.get('policy'), 'named principals', publicStatements),
  ),
};
