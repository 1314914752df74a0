import { cis, iso27001, gdpr, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { textOf } from '../../engine/value.ts';
import { when } from '../../engine/verdict.ts';

/** What a filter's pattern must mention to count for each kind of event. */
const watched: Readonly<Record<string, RegExp>> = {
  'unauthorized calls': /UnauthorizedOperation|AccessDenied/,
  'sign-in without MFA': /MFAUsed/,
  'use of root': /userIdentity\.type[^]*Root/,
  'IAM changes': /(Put|Attach|Delete)\w*Policy/,
  'trail changes': /StopLogging|DeleteTrail/,
  'failed sign-ins': /Failed authentication/,
  'key deletion': /ScheduleKeyDeletion|DisableKey/,
  'bucket policy changes': /PutBucketPolicy/,
  'Config changes': /StopConfigurationRecorder|PutConfigurationRecorder/,
  'security group changes': /AuthorizeSecurityGroupIngress/,
  'network ACL changes': /CreateNetworkAcl|ReplaceNetworkAclEntry/,
  'gateway changes': /AttachInternetGateway|CreateCustomerGateway/,
  'route changes': /CreateRoute|ReplaceRoute/,
  'VPC changes': /CreateVpc|ModifyVpcAttribute/,
  'organization changes': /organizations\.amazonaws\.com/,
};

export const accountActivityAlarms: Rule = {
  id: 'account-activity-alarms',
  title: "Changes of the account's guards raise alarms",
  severity: 'warning',
  rationale: "Nobody reads the trail by chance; an intruder's first steps must ring a bell.",
  remediation:
    "Add an aws_cloudwatch_log_metric_filter for each kind of event on the trail's log group, with an alarm that notifies.",
  controls: [
    ...cis('5.1', '5.2', '5.3', '5.4', '5.5', '5.6', '5.7', '5.8', '5.9'),
    ...iso27001('A.8.15', 'A.8.16'),
    ...gdpr('article_25'),
    ...soc2('pi_1_3'),
  ],
  check: resource('aws_cloudtrail', (trail, everything) => {
    const [group] = everything.referents(
      trail.get('cloud_watch_logs_group_arn'),
      'aws_cloudwatch_log_group',
    );
    const filters = group
      ? everything.referrers(group, 'aws_cloudwatch_log_metric_filter', 'log_group_name')
      : [];
    const alarmed = new Set(
      everything.of('aws_cloudwatch_metric_alarm').map((alarm) => textOf(alarm.get('metric_name'))),
    );
    const heard = filters
      .filter((filter) => alarmed.has(textOf(filter.get('metric_transformation.name'))))
      .map((filter) => textOf(filter.get('pattern')));
    const missing = Object.keys(watched).filter(
      (kind) => !heard.some((pattern) => watched[kind]?.test(pattern)),
    );
    return when(
      missing.length === 0,
      `no alarm for ${missing.join(', ')}`,
      'an alarm for every kind of event',
    );
  }),
};
