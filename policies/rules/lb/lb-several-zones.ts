import { afsbp, nist80053, iso27001 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { asList, isOpaque } from '../../engine/value.ts';
import { unknown, when } from '../../engine/verdict.ts';

export const lbSeveralZones: Rule = {
  id: 'lb-several-zones',
  title: 'Load balancers stand in at least two zones',
  severity: 'warning',
  rationale: 'The loss of one zone closes the door.',
  remediation: 'Name subnets of two or more zones.',
  controls: [...afsbp('ELB.13'), ...nist80053('CP-10', 'SC-36'), ...iso27001('A.8.14')],
  check: resource(['aws_lb', 'aws_alb'], (balancer) => {
    const subnets =
      asList(balancer.get('subnets')).length + balancer.blocks('subnet_mapping').length;
    return isOpaque(balancer.get('subnets') ?? null) && subnets < 2
      ? unknown('subnets are not known', 'at least two subnets')
      : when(subnets >= 2, `${subnets} subnets`, 'at least two subnets');
  }),
};
