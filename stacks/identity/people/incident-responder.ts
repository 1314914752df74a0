import type { EnvironmentStack } from '../../lib/environment-stack.ts';
import type { Statement } from '../../lib/policy-document.ts';
import { isolationRole } from '../boundaries.ts';
import { changeRetention, look, never, own, type Duty } from './duties.ts';

/** Findings, the trail's events and what changed; no content of the CRM's. */
const investigate: Statement = {
  sid: 'Investigate',
  actions: [
    'access-analyzer:Get*',
    'access-analyzer:List*',
    'cloudtrail:Describe*',
    'cloudtrail:Get*',
    'cloudtrail:LookupEvents',
    'config:Describe*',
    'config:Get*',
    'config:List*',
    'guardduty:Get*',
    'guardduty:List*',
    'securityhub:Describe*',
    'securityhub:Get*',
  ],
  resources: ['*'],
};

/** Isolates what is compromised, by the runbooks alone, and reads the trail and the evidence. */
export function incidentResponder(stack: EnvironmentStack): Duty {
  const { project, environment } = stack.environment;
  const runbooks = stack.named('audit-isolate-*');
  const bucket = (purpose: string) =>
    `arn:${stack.partition.name}:s3:::${stack.named(purpose)}-${stack.environment.account}/*`;
  return {
    description: 'Isolates what is compromised, by runbooks; reads the trail and the evidence',
    rights: [
      look,
      investigate,
      {
        sid: 'Isolate',
        actions: ['ssm:StartAutomationExecution'],
        resources: [
          stack.arn('ssm', `automation-definition/${runbooks}:*`),
          stack.arn('ssm', `document/${runbooks}`),
          stack.arn('ssm', 'automation-execution/*'),
        ],
      },
      {
        sid: 'GiveRunbooksTheirRole',
        actions: ['iam:PassRole'],
        resources: [isolationRole(stack)],
        conditions: { StringEquals: { 'iam:PassedToService': 'ssm.amazonaws.com' } },
      },
      {
        sid: 'FollowRunbooks',
        actions: [
          'ssm:DescribeAutomationExecutions',
          'ssm:DescribeAutomationStepExecutions',
          'ssm:GetAutomationExecution',
        ],
        resources: ['*'],
      },
      {
        sid: 'ReadRecords',
        actions: ['s3:GetObject', 's3:GetObjectVersion'],
        resources: [bucket('audit-trail'), bucket('audit-evidence')],
      },
      {
        sid: 'DecryptRecords',
        actions: ['kms:Decrypt'],
        resources: [stack.arn('kms', 'key/*')],
        conditions: {
          StringEquals: {
            'kms:ViaService': `s3.${stack.environment.region}.${stack.partition.domain}`,
          },
          'ForAnyValue:StringLike': {
            'kms:ResourceAliases': `alias/${stack.named('audit-records-*')}`,
          },
        },
      },
      {
        sid: 'ReadLogs',
        actions: ['logs:FilterLogEvents', 'logs:Get*', 'logs:StartQuery', 'logs:StopQuery'],
        resources: [
          stack.arn('logs', `log-group:/${project}/${environment}/audit/*`),
          own(stack).logGroups,
        ],
      },
    ],
    never: [
      never('NeverDelete', changeRetention),
      never('NeverOpenSecrets', ['secretsmanager:GetSecretValue']),
    ],
  };
}
