import { nist80053, iso27001, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { when } from '../../engine/verdict.ts';

export const dnsQueryLogs: Rule = {
  id: 'dns-query-logs',
  title: 'Every VPC logs its name lookups',
  severity: 'warning',
  rationale: 'Malware and exfiltration show in lookups first.',
  remediation: 'Associate an aws_route53_resolver_query_log_config with the VPC.',
  controls: [...nist80053('AU-12a'), ...iso27001('A.8.15'), ...soc2('cc_a_1_1')],
  check: resource('aws_vpc', (vpc, everything) =>
    when(
      everything.referrers(vpc, 'aws_route53_resolver_query_log_config_association', 'resource_id')
        .length > 0,
      'no query log',
      'an aws_route53_resolver_query_log_config_association',
    ),
  ),
};
