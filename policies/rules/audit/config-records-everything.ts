import { afsbp, cis, nist80053, iso27001, gdpr, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { all, isTrue, requires, when } from '../../engine/verdict.ts';

export const configRecordsEverything: Rule = {
  id: 'config-records-everything',
  title: 'Config records all resources, and is running',
  severity: 'error',
  rationale: 'What is not recorded cannot be shown to have been right last month.',
  remediation:
    "Set recording_group.all_supported and include_global_resource_types, and is_enabled in the recorder's status.",
  controls: [
    ...afsbp('Config.1'),
    ...cis('4.3'),
    ...nist80053('CM-8(6)'),
    ...iso27001('A.5.16', 'A.5.22'),
    ...gdpr('article_25', 'article_30'),
    ...soc2('cc_2_1'),
  ],
  check: resource('aws_config_configuration_recorder', (recorder, everything) => {
    const statuses = everything.referrers(
      recorder,
      'aws_config_configuration_recorder_status',
      'name',
    );
    return all(
      requires(recorder, 'recording_group.all_supported', isTrue, true),
      requires(recorder, 'recording_group.include_global_resource_types', isTrue),
      when(
        statuses.some((status) => status.get('is_enabled') === true),
        'the recorder is not started',
        'aws_config_configuration_recorder_status is_enabled true',
      ),
    );
  }),
};
