import { afsbp, cis, nist80053, hipaa, pci, iso27001, soc2 } from '../../controls/frameworks.ts';
import { coversPort, isOpenToAll, networkAclRules } from '../../analysis/traffic.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { when } from '../../engine/verdict.ts';

const guarded = [20, 21, 22, 3389];

/** The first rule that speaks of the whole internet and the port decides, as in AWS. */
function firstFor(
  rules: ReturnType<typeof networkAclRules>,
  port: number,
): ReturnType<typeof networkAclRules>[number] | undefined {
  return rules.find((rule) => isOpenToAll(rule) && coversPort(rule, port));
}

export const aclNoOpenAdminPorts: Rule = {
  id: 'acl-no-open-admin-ports',
  title: 'No network ACL lets the internet in on file transfer or administration ports',
  severity: 'error',
  rationale: 'Ports 20, 21, 22 and 3389 are probed within minutes.',
  remediation: 'Deny them by a rule of a lower number, or allow narrower ports and ranges.',
  controls: [
    ...afsbp('EC2.21'),
    ...cis('6.2'),
    ...nist80053('AC-17b', 'AC-17(1)', 'AC-17(4)(a)', 'AC-17(9)'),
    ...hipaa('164.308(a)(3)(i)', '164.308(a)(3)(ii)(B)', '164.308(a)(4)(i)'),
    ...pci('1.2', '1.2.1'),
    ...iso27001('A.8.20', 'A.8.21'),
    ...soc2('cc_6_6'),
  ],
  check: resource(['aws_network_acl', 'aws_default_network_acl'], (acl, everything) => {
    const rules = networkAclRules(everything)
      .filter(({ owner, direction }) => owner === acl && direction === 'ingress')
      .toSorted((one, other) => one.number - other.number);
    const open = guarded.filter((port) => firstFor(rules, port)?.allows === true);
    return when(
      open.length === 0,
      `open to everybody on ${open.join(', ')}`,
      'closed on 20, 21, 22 and 3389',
    );
  }),
};
