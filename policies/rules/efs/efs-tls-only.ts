import { nist80053, hipaa, pci, iso27001 } from '../../controls/frameworks.ts';
import { statementsOf } from '../../analysis/statements.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { when } from '../../engine/verdict.ts';

export const efsTlsOnly: Rule = {
  id: 'efs-tls-only',
  title: 'File systems refuse mounts without TLS',
  severity: 'error',
  rationale: 'Files would cross the network in the clear.',
  remediation:
    'Deny all actions where aws:SecureTransport is false, in an aws_efs_file_system_policy.',
  controls: [
    ...nist80053('AC-4', 'AC-4(22)', 'AC-17(2)', 'AC-24(1)'),
    ...hipaa('164.312(a)(2)(iv)', '164.312(c)(2)', '164.312(e)(1)'),
    ...pci('2.2', '4.1'),
    ...iso27001('A.8.1'),
  ],
  check: resource('aws_efs_file_system', (system, everything) => {
    const statements = everything
      .referrers(system, 'aws_efs_file_system_policy', 'file_system_id')
      .flatMap((one) => statementsOf(one.get('policy')) ?? []);
    const refuses = statements.some(
      (one) =>
        !one.allows &&
        one.conditions.some(
          ({ key, values }) =>
            key.toLowerCase() === 'aws:securetransport' && values.includes('false'),
        ),
    );
    return when(refuses, 'no such statement', 'a deny where aws:SecureTransport is false');
  }),
};
