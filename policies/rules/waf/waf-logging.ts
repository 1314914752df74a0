import { afsbp, nist80053, hipaa, pci, iso27001, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { when } from '../../engine/verdict.ts';

export const wafLogging: Rule = {
  id: 'waf-logging',
  title: 'Web ACLs log what they see',
  severity: 'error',
  rationale: 'Without the log neither an attack nor a false alarm can be understood.',
  remediation: 'Add an aws_wafv2_web_acl_logging_configuration.',
  controls: [
    ...afsbp('WAF.11'),
    ...nist80053('AC-4(26)', 'AU-2b', 'AU-3a', 'AU-3b'),
    ...hipaa('164.312(b)'),
    ...pci('10.1', '10.3.1'),
    ...iso27001('A.8.15', 'A.8.16'),
    ...soc2('cc_a_1_1'),
  ],
  check: resource('aws_wafv2_web_acl', (acl, everything) =>
    when(
      everything.referrers(acl, 'aws_wafv2_web_acl_logging_configuration', 'resource_arn').length >
        0,
      'no logging configuration',
      'an aws_wafv2_web_acl_logging_configuration',
    ),
  ),
};
