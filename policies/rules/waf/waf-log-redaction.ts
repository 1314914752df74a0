import { afsbp, iso27001, gdpr, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { textOf } from '../../engine/value.ts';
import { when } from '../../engine/verdict.ts';

export const wafLogRedaction: Rule = {
  id: 'waf-log-redaction',
  title: 'Web ACL logs leave out credentials',
  severity: 'warning',
  rationale: 'A log with cookies and tokens in it hands out sessions to all who may read logs.',
  remediation: 'Add redacted_fields for the headers authorization and cookie.',
  controls: [
    ...afsbp('WAF.11'),
    ...iso27001('A.8.15', 'A.8.16'),
    ...gdpr('article_25'),
    ...soc2('cc_a_1_1'),
  ],
  check: resource('aws_wafv2_web_acl_logging_configuration', (logging) => {
    const headers = new Set(
      logging
        .blocks('redacted_fields.single_header')
        .map((header) => textOf(header['name']).toLowerCase()),
    );
    const missing = ['authorization', 'cookie'].filter((name) => !headers.has(name));
    return when(
      missing.length === 0,
      `${missing.join(' and ')} logged`,
      'authorization and cookie redacted',
    );
  }),
};
