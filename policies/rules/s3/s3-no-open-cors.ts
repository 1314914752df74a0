import { nist80053, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { asList } from '../../engine/value.ts';
import { when } from '../../engine/verdict.ts';

export const s3NoOpenCors: Rule = {
  id: 's3-no-open-cors',
  title: 'Buckets name the sites that may script against them',
  severity: 'warning',
  rationale: "With any origin allowed, every web page can use a visitor's access to the bucket.",
  remediation: 'List the origins in allowed_origins.',
  controls: [...nist80053('AC-4'), ...soc2('cc_6_1')],
  check: resource('aws_s3_bucket_cors_configuration', (cors) =>
    when(
      !cors.blocks('cors_rule').some((rule) => asList(rule['allowed_origins']).includes('*')),
      'allowed_origins holds *',
      'named origins',
    ),
  ),
};
