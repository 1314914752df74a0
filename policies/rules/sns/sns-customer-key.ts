import { afsbp, nist80053, hipaa, pci, iso27001, gdpr, soc2 } from '../../controls/frameworks.ts';
import { customerKey } from '../../analysis/keys.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { requires } from '../../engine/verdict.ts';

export const snsCustomerKey: Rule = {
  id: 'sns-customer-key',
  title: 'Topics are encrypted by a customer managed key',
  severity: 'error',
  rationale:
    'Alarms and findings name resources and people, and rest in the topic until they are delivered.',
  remediation:
    'Set kms_master_key_id to a key of your own whose policy lets the publishing services use it.',
  controls: [
    ...afsbp('SNS.1'),
    ...nist80053('CA-9(1)', 'CM-3(6)', 'SC-7(10)', 'SC-13'),
    ...hipaa('164.308(a)(1)(ii)(B)', '164.312(a)(2)(iv)', '164.312(e)(2)(ii)'),
    ...pci('3.4', '8.2.1'),
    ...iso27001('A.8.3', 'A.8.11'),
    ...gdpr('article_32'),
    ...soc2('pi_1_4'),
  ],
  check: resource('aws_sns_topic', (topic, everything) =>
    requires(topic, 'kms_master_key_id', customerKey(everything)),
  ),
};
