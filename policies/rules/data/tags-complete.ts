import { nist80053, iso27001, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { when } from '../../engine/verdict.ts';

const wanted = ['Project', 'Environment', 'Owner', 'DataClassification'];
const tagged = [
  'aws_vpc',
  'aws_subnet',
  'aws_security_group',
  'aws_kms_key',
  'aws_s3_bucket',
  'aws_db_instance',
  'aws_rds_cluster',
  'aws_efs_file_system',
  'aws_lb',
  'aws_cloudwatch_log_group',
  'aws_sns_topic',
  'aws_iam_role',
  'aws_ecs_cluster',
  'aws_ecr_repository',
  'aws_backup_vault',
  'aws_secretsmanager_secret',
];

export const tagsComplete: Rule = {
  id: 'tags-complete',
  title: 'What costs or holds something says whose it is',
  severity: 'warning',
  rationale:
    'A resource that nobody is named for is neither paid for knowingly nor cleaned up, nor found in an incident.',
  remediation: 'Tag it with Project, Environment, Owner and DataClassification.',
  controls: [...nist80053('CM-8(6)'), ...iso27001('A.5.9'), ...soc2('cc_6_1')],
  check: resource(tagged, (one) => {
    const tags = one.tags;
    const missing = wanted.filter((name) => tags[name] === undefined || tags[name] === '');
    return when(missing.length === 0, `${missing.join(', ')} missing`, wanted.join(', '));
  }),
};
