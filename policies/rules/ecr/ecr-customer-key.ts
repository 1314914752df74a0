import { nist80053, iso27001 } from '../../controls/frameworks.ts';
import { customerKey } from '../../analysis/keys.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { all, equals, requires } from '../../engine/verdict.ts';

export const ecrCustomerKey: Rule = {
  id: 'ecr-customer-key',
  title: 'Image repositories are encrypted by a customer managed key',
  severity: 'note',
  rationale: 'Images may carry configuration that helps an attacker.',
  remediation: 'Set encryption_configuration with KMS and your key.',
  controls: [...nist80053('SC-28'), ...iso27001('A.8.1')],
  check: resource('aws_ecr_repository', (repository, everything) =>
    all(
      requires(repository, 'encryption_configuration.encryption_type', equals('KMS', 'KMS_DSSE')),
      requires(repository, 'encryption_configuration.kms_key', customerKey(everything)),
    ),
  ),
};
