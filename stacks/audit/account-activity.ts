/** A kind of call that rings a bell, and the CIS recommendation that asks for it. */
export interface Activity {
  readonly title: string;
  /** Of the CIS AWS Foundations Benchmark 3.0.0; none where the bell is our own. */
  readonly recommendation?: string;
  /** Mailed at once; else with the day's routine, for deployments ring these too. */
  readonly urgent: boolean;
  /**
   * A pattern of CloudWatch Logs over the trail's events:
   * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax-for-Metric-Filters.html
   */
  readonly pattern: string;
}

const anyOf = (names: readonly string[]): string =>
  names.map((name) => `($.eventName = "${name}")`).join(' || ');

const calls = (names: readonly string[]): string => `{ ${anyOf(names)} }`;

const callsOf = (service: string, names: readonly string[]): string =>
  `{ ($.eventSource = "${service}.amazonaws.com") && (${anyOf(names)}) }`;

/** The CIS alarm set, and two that watch the watchers. The keys name filters, metrics and alarms. */
export const activities: Readonly<Record<string, Activity>> = {
  'unauthorized-calls': {
    title: 'Calls were refused for want of rights',
    recommendation: '4.1',
    urgent: false,
    pattern:
      '{ (($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*")) && ($.sourceIPAddress != "delivery.logs.amazonaws.com") && ($.eventName != "HeadBucket") }',
  },
  'sign-in-without-mfa': {
    title: 'Somebody signed in to the console without a second factor',
    recommendation: '4.2',
    urgent: true,
    pattern:
      '{ ($.eventName = "ConsoleLogin") && ($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") && (($.additionalEventData.MFAUsed = "No") || ($.additionalEventData.MFAUsed NOT EXISTS)) }',
  },
  'root-use': {
    title: 'The root user was used',
    recommendation: '4.3',
    urgent: true,
    pattern:
      '{ ($.userIdentity.type = "Root") && ($.userIdentity.invokedBy NOT EXISTS) && ($.eventType != "AwsServiceEvent") }',
  },
  'iam-changes': {
    title: 'Rights were changed',
    recommendation: '4.4',
    urgent: false,
    pattern: callsOf('iam', [
      'AttachGroupPolicy',
      'AttachRolePolicy',
      'AttachUserPolicy',
      'CreatePolicy',
      'CreatePolicyVersion',
      'DeleteGroupPolicy',
      'DeletePolicy',
      'DeletePolicyVersion',
      'DeleteRolePolicy',
      'DeleteUserPolicy',
      'DetachGroupPolicy',
      'DetachRolePolicy',
      'DetachUserPolicy',
      'PutGroupPolicy',
      'PutRolePolicy',
      'PutUserPolicy',
      'SetDefaultPolicyVersion',
      'UpdateAssumeRolePolicy',
    ]),
  },
  'trail-changes': {
    title: 'The trail was changed or stopped',
    recommendation: '4.5',
    urgent: true,
    pattern: callsOf('cloudtrail', [
      'CreateTrail',
      'DeleteTrail',
      'PutEventSelectors',
      'PutInsightSelectors',
      'StartLogging',
      'StopLogging',
      'UpdateTrail',
    ]),
  },
  'failed-sign-ins': {
    title: 'Sign-ins to the console failed',
    recommendation: '4.6',
    urgent: false,
    pattern: '{ ($.eventName = "ConsoleLogin") && ($.errorMessage = "Failed authentication") }',
  },
  'key-deletion': {
    title: 'A key was disabled or is to be deleted',
    recommendation: '4.7',
    urgent: true,
    pattern: callsOf('kms', ['DisableKey', 'ScheduleKeyDeletion']),
  },
  'bucket-policy-changes': {
    title: 'Who may reach a bucket, or what it keeps, was changed',
    recommendation: '4.8',
    urgent: false,
    pattern: callsOf('s3', [
      'DeleteBucketCors',
      'DeleteBucketLifecycle',
      'DeleteBucketPolicy',
      'DeleteBucketReplication',
      'PutBucketAcl',
      'PutBucketCors',
      'PutBucketLifecycle',
      'PutBucketPolicy',
      'PutBucketReplication',
    ]),
  },
  'recorder-changes': {
    title: 'AWS Config was changed or stopped',
    recommendation: '4.9',
    urgent: true,
    pattern: callsOf('config', [
      'DeleteConfigurationRecorder',
      'DeleteDeliveryChannel',
      'PutConfigurationRecorder',
      'PutDeliveryChannel',
      'StopConfigurationRecorder',
    ]),
  },
  'security-group-changes': {
    title: 'Security groups were changed',
    recommendation: '4.10',
    urgent: false,
    pattern: calls([
      'AuthorizeSecurityGroupEgress',
      'AuthorizeSecurityGroupIngress',
      'CreateSecurityGroup',
      'DeleteSecurityGroup',
      'ModifySecurityGroupRules',
      'RevokeSecurityGroupEgress',
      'RevokeSecurityGroupIngress',
    ]),
  },
  'network-acl-changes': {
    title: 'Network access lists were changed',
    recommendation: '4.11',
    urgent: false,
    pattern: calls([
      'CreateNetworkAcl',
      'CreateNetworkAclEntry',
      'DeleteNetworkAcl',
      'DeleteNetworkAclEntry',
      'ReplaceNetworkAclAssociation',
      'ReplaceNetworkAclEntry',
    ]),
  },
  'gateway-changes': {
    title: 'Gateways to other networks were changed',
    recommendation: '4.12',
    urgent: false,
    pattern: calls([
      'AttachInternetGateway',
      'CreateCustomerGateway',
      'CreateInternetGateway',
      'DeleteCustomerGateway',
      'DeleteInternetGateway',
      'DetachInternetGateway',
    ]),
  },
  'route-changes': {
    title: 'Routes were changed',
    recommendation: '4.13',
    urgent: false,
    pattern: callsOf('ec2', [
      'CreateRoute',
      'CreateRouteTable',
      'DeleteRoute',
      'DeleteRouteTable',
      'DisassociateRouteTable',
      'ReplaceRoute',
      'ReplaceRouteTableAssociation',
    ]),
  },
  'vpc-changes': {
    title: 'A VPC was changed',
    recommendation: '4.14',
    urgent: false,
    pattern: calls([
      'AcceptVpcPeeringConnection',
      'AttachClassicLinkVpc',
      'CreateVpc',
      'CreateVpcPeeringConnection',
      'DeleteVpc',
      'DeleteVpcPeeringConnection',
      'DetachClassicLinkVpc',
      'DisableVpcClassicLink',
      'EnableVpcClassicLink',
      'ModifyVpcAttribute',
      'RejectVpcPeeringConnection',
    ]),
  },
  'organization-changes': {
    title: 'The organization was changed',
    recommendation: '4.15',
    urgent: true,
    pattern: callsOf('organizations', [
      'AcceptHandshake',
      'AttachPolicy',
      'CreateAccount',
      'CreateOrganizationalUnit',
      'CreatePolicy',
      'DeclineHandshake',
      'DeleteOrganization',
      'DeleteOrganizationalUnit',
      'DeletePolicy',
      'DetachPolicy',
      'DisablePolicyType',
      'EnablePolicyType',
      'InviteAccountToOrganization',
      'LeaveOrganization',
      'MoveAccount',
      'RemoveAccountFromOrganization',
      'UpdateOrganizationalUnit',
      'UpdatePolicy',
    ]),
  },
  'detector-changes': {
    title: 'A detector was switched off or told to look away',
    urgent: true,
    pattern: calls([
      'BatchDisableStandards',
      'CreateFilter',
      'CreateFindingsFilter',
      'DeleteDetector',
      'DeleteMembers',
      'DisableMacie',
      'DisableSecurityHub',
      'StopMonitoringMembers',
      'UpdateDetector',
      'UpdateMacieSession',
    ]),
  },
  'alarm-changes': {
    title: 'An alarm, its log or its topic was deleted or silenced',
    urgent: true,
    pattern: calls([
      'DeleteAlarms',
      'DeleteLogGroup',
      'DeleteLogStream',
      'DeleteMetricFilter',
      'DeleteRetentionPolicy',
      'DeleteTopic',
      'DisableAlarmActions',
      'DisableRule',
      'PutRetentionPolicy',
      'RemoveTargets',
      'Unsubscribe',
    ]),
  },
};
