import { nist80053 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { equals, requires } from '../../engine/verdict.ts';

export const ecsLatestPlatform: Rule = {
  id: 'ecs-latest-platform',
  title: 'Services run on the latest Fargate platform',
  severity: 'note',
  rationale: 'Older platforms get no new isolation features and, in the end, no fixes.',
  remediation: 'Leave platform_version out, or set LATEST.',
  controls: [...nist80053('SI-2a')],
  check: resource('aws_ecs_service', (service) =>
    requires(service, 'platform_version', equals('LATEST'), 'LATEST'),
  ),
};
