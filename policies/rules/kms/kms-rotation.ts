import { afsbp, cis, nist80053, pci, iso27001, gdpr, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { all, between, isTrue, notApplicable, requires } from '../../engine/verdict.ts';

export const kmsRotation: Rule = {
  id: 'kms-rotation',
  title: 'Symmetric keys rotate every year or more often',
  severity: 'error',
  rationale: 'The longer one key encrypts, the more is lost with it.',
  remediation: 'Set enable_key_rotation to true.',
  controls: [
    ...afsbp('KMS.4'),
    ...cis('4.6'),
    ...nist80053('CM-6a', 'CM-9b', 'SA-9(6)', 'SC-12'),
    ...pci('2.2', '3.5'),
    ...iso27001('A.8.5', 'A.8.11'),
    ...gdpr('article_25', 'article_30'),
    ...soc2('pi_1_5'),
  ],
  check: resource('aws_kms_key', (key) =>
    ['SYMMETRIC_DEFAULT', undefined].includes(
      key.get('customer_master_key_spec') as string | undefined,
    )
      ? all(
          requires(key, 'enable_key_rotation', isTrue),
          requires(key, 'rotation_period_in_days', between(90, 365), 365),
        )
      : notApplicable,
  ),
};
