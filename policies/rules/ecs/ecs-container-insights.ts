import { afsbp, nist80053, iso27001, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { textOf } from '../../engine/value.ts';
import { when } from '../../engine/verdict.ts';

export const ecsContainerInsights: Rule = {
  id: 'ecs-container-insights',
  title: "Clusters report their containers' metrics",
  severity: 'warning',
  rationale: 'A container that dies and restarts all night shows nowhere else.',
  remediation: 'Add the setting containerInsights with enabled or enhanced.',
  controls: [
    ...afsbp('ECS.9'),
    ...nist80053('SI-4(2)'),
    ...iso27001('A.8.15'),
    ...soc2('cc_a_1_1'),
  ],
  check: resource('aws_ecs_cluster', (cluster) =>
    when(
      cluster
        .blocks('setting')
        .some(
          (setting) =>
            setting['name'] === 'containerInsights' &&
            ['enabled', 'enhanced'].includes(textOf(setting['value'])),
        ),
      'containerInsights is off',
      'containerInsights enabled or enhanced',
    ),
  ),
};
