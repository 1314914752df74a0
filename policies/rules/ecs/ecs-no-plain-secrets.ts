import { afsbp } from '../../controls/frameworks.ts';
import { eachContainer, plainSecrets } from '../../analysis/containers.ts';
import type { Rule } from '../../engine/rule.ts';
import { when } from '../../engine/verdict.ts';

export const ecsNoPlainSecrets: Rule = {
  id: 'ecs-no-plain-secrets',
  title: 'Task definitions hold no secrets',
  severity: 'error',
  rationale: 'Environment variables stand in the state, the console and every describe call.',
  remediation: 'Use secrets with the ARN of a secret or parameter.',
  unsuppressible: true,
  controls: [...afsbp('ECS.8')],
  check: eachContainer('secrets by reference', (container) => {
    const found = plainSecrets(container);
    return when(
      found.length === 0,
      `${found.join(', ')} written in the clear`,
      'secrets by reference',
    );
  }),
};
