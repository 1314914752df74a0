import { afsbp, cis, nist80053, hipaa, pci, iso27001, gdpr } from '../../controls/frameworks.ts';
import { customerKey } from '../../analysis/keys.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { requires } from '../../engine/verdict.ts';

export const cloudtrailCustomerKey: Rule = {
  id: 'cloudtrail-customer-key',
  title: 'Trails and event stores are encrypted by a customer managed key',
  severity: 'error',
  rationale: 'The trail names everybody and everything; reading it must be decided separately.',
  remediation: 'Set kms_key_id.',
  controls: [
    ...afsbp('CloudTrail.2'),
    ...cis('4.5'),
    ...nist80053('AU-9(3)', 'CM-6a', 'CM-9b', 'CP-9d'),
    ...hipaa('164.312(a)(2)(iv)', '164.312(e)(2)(ii)'),
    ...pci('2.2', '3.4'),
    ...iso27001('A.8.11', 'A.8.15'),
    ...gdpr('article_25', 'article_30'),
  ],
  check: resource(['aws_cloudtrail', 'aws_cloudtrail_event_data_store'], (trail, everything) =>
    requires(trail, 'kms_key_id', customerKey(everything)),
  ),
};
