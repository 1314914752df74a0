import {
  afsbp,
  cis,
  nist80053,
  hipaa,
  pci,
  iso27001,
  gdpr,
  soc2,
} from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { any, equals, fail, requires } from '../../engine/verdict.ts';

export const vpcFlowLogs: Rule = {
  id: 'vpc-flow-logs',
  title: 'Every VPC logs its traffic',
  severity: 'error',
  rationale: 'After an intrusion the flow log is what shows who talked to whom.',
  remediation: 'Add an aws_flow_log with traffic_type ALL for the VPC.',
  controls: [
    ...afsbp('EC2.6'),
    ...cis('4.7'),
    ...nist80053('AC-4(26)', 'AU-2b', 'AU-3a', 'AU-3b'),
    ...hipaa('164.308(a)(3)(ii)(A)', '164.312(b)'),
    ...pci('2.2', '10.1'),
    ...iso27001('A.8.15', 'A.8.16'),
    ...gdpr('article_25', 'article_30'),
    ...soc2('cc_7_2'),
  ],
  check: resource('aws_vpc', (vpc, everything) => {
    const logs = everything.referrers(vpc, 'aws_flow_log', 'vpc_id');
    return logs.length === 0
      ? fail('no aws_flow_log', 'one with traffic_type ALL')
      : any(...logs.map((log) => requires(log, 'traffic_type', equals('ALL'))));
  }),
};
