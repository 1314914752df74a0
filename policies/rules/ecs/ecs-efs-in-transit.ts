import { afsbp, cis, nist80053, hipaa, iso27001, gdpr } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { all, equals, requires } from '../../engine/verdict.ts';

export const ecsEfsInTransit: Rule = {
  id: 'ecs-efs-in-transit',
  title: 'Tasks mount file systems over TLS',
  severity: 'error',
  rationale: 'Attachments would cross the network in the clear.',
  remediation: 'Set transit_encryption ENABLED in efs_volume_configuration.',
  controls: [
    ...afsbp('EFS.1'),
    ...cis('3.3.1'),
    ...nist80053('SC-8'),
    ...hipaa('164.312(e)(1)'),
    ...iso27001('A.8.11', 'A.8.24'),
    ...gdpr('article_32'),
  ],
  check: resource('aws_ecs_task_definition', (task) => {
    const volumes = task.blocks('volume.efs_volume_configuration');
    return all(
      ...volumes.map((volume) => requires(volume, 'transit_encryption', equals('ENABLED'))),
    );
  }),
};
