import { cis, nist80053, iso27001, soc2 } from '../../controls/frameworks.ts';
import { describe, isOpenToInternet, networkAclRules } from '../../analysis/traffic.ts';
import { type Rule, graph } from '../../engine/rule.ts';
import { when } from '../../engine/verdict.ts';

export const networkDataAclClosed: Rule = {
  id: 'network-data-acl-closed',
  title: 'Network ACLs around data admit no public address',
  severity: 'error',
  rationale: 'The ACL is what still holds when a security group is opened by mistake.',
  remediation: "Admit the application's and the VPN's ranges only.",
  controls: [
    ...cis('6.2'),
    ...nist80053('SC-7a'),
    ...iso27001('A.8.20', 'A.8.21'),
    ...soc2('cc_6_6'),
  ],
  check: graph((everything) => {
    const subnets = everything
      .of('aws_db_subnet_group')
      .flatMap((group) => everything.referents(group.get('subnet_ids'), 'aws_subnet'));
    const acls = new Set(
      subnets.flatMap((subnet) => everything.referrers(subnet, 'aws_network_acl', 'subnet_ids')),
    );
    return [...acls].map((acl) => {
      const open = networkAclRules(everything).find(
        (rule) =>
          rule.owner === acl &&
          rule.direction === 'ingress' &&
          rule.allows &&
          isOpenToInternet(rule),
      );
      return {
        resource: acl,
        verdict: when(
          open === undefined,
          open === undefined ? '' : describe(open),
          'private ranges only',
        ),
      };
    });
  }),
};
