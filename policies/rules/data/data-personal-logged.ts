import { afsbp, nist80053, iso27001, gdpr, soc2 } from '../../controls/frameworks.ts';
import { companion } from '../../analysis/companions.ts';
import { isPersonal, receivesLogs } from '../../analysis/storage.ts';
import { type Rule, graph } from '../../engine/rule.ts';
import { isSet, notApplicable, requires, when } from '../../engine/verdict.ts';

export const dataPersonalLogged: Rule = {
  id: 'data-personal-logged',
  title: 'Access to personal data is logged',
  severity: 'error',
  rationale: 'After a breach the law asks within three days whose data was read.',
  remediation:
    "Export the database's logs; log the bucket's requests, or record its data events in a trail.",
  controls: [
    ...afsbp('S3.9', 'RDS.9'),
    ...nist80053('AU-12a'),
    ...iso27001('A.8.15'),
    ...gdpr('article_32', 'article_30'),
    ...soc2('cc_7_2'),
  ],
  check: graph((everything) =>
    everything
      .of('aws_s3_bucket', 'aws_db_instance', 'aws_rds_cluster')
      .filter(isPersonal)
      .map((store) => {
        if (receivesLogs(everything, store)) return { resource: store, verdict: notApplicable };
        if (store.type !== 'aws_s3_bucket')
          return {
            resource: store,
            verdict: requires(store, 'enabled_cloudwatch_logs_exports', isSet),
          };
        return {
          resource: store,
          verdict: when(
            companion(everything, store, 'aws_s3_bucket_logging') !== undefined,
            'requests are not logged',
            'an aws_s3_bucket_logging',
          ),
        };
      }),
  ),
};
