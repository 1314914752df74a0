import { afsbp, nist80053 } from '../../controls/frameworks.ts';
import { eachContainer } from '../../analysis/containers.ts';
import type { Rule } from '../../engine/rule.ts';
import { isTrue, requires } from '../../engine/verdict.ts';

export const ecsReadOnlyRoot: Rule = {
  id: 'ecs-read-only-root',
  title: 'Containers cannot write to their own image',
  severity: 'warning',
  rationale: 'Malware that cannot be written does not stay.',
  remediation: 'Set readonlyRootFilesystem and mount a volume where something must be written.',
  controls: [...afsbp('ECS.5'), ...nist80053('AC-6')],
  check: eachContainer('readonlyRootFilesystem true', (container) =>
    requires(container, 'readonlyRootFilesystem', isTrue),
  ),
};
