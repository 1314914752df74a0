/** A CloudTrail event as far as filters look at it. */
export type Sample = Readonly<Record<string, unknown>>;

export interface Samples {
  readonly matching: readonly Sample[];
  /** Everyday events that must not ring. */
  readonly passing: readonly Sample[];
}

const base = {
  eventVersion: '1.11',
  eventType: 'AwsApiCall',
  awsRegion: 'eu-central-1',
  sourceIPAddress: '203.0.113.10',
  recipientAccountId: '111122223333',
  userIdentity: {
    type: 'AssumedRole',
    arn: 'arn:aws:sts::111122223333:assumed-role/some/one',
    accountId: '111122223333',
  },
};

function call(service: string, eventName: string, over: Sample = {}): Sample {
  return { ...base, eventSource: `${service}.amazonaws.com`, eventName, ...over };
}

const calls = (service: string, names: string): Sample[] =>
  names
    .trim()
    .split(/\s+/)
    .map((name) => call(service, name));

const user = { type: 'IAMUser', userName: 'someone', accountId: '111122223333' };
const root = { type: 'Root', accountId: '111122223333' };

function signIn(over: Sample): Sample {
  return {
    ...base,
    eventSource: 'signin.amazonaws.com',
    eventName: 'ConsoleLogin',
    eventType: 'AwsConsoleSignIn',
    userIdentity: user,
    responseElements: { ConsoleLogin: 'Success' },
    additionalEventData: { MFAUsed: 'Yes' },
    ...over,
  };
}

const failed = signIn({
  responseElements: { ConsoleLogin: 'Failure' },
  errorMessage: 'Failed authentication',
  additionalEventData: { MFAUsed: 'No' },
});
const ordinary = [
  ...calls('ec2', 'DescribeInstances DescribeVpcs RunInstances'),
  ...calls('s3', 'ListBuckets GetBucketPolicy'),
  ...calls('iam', 'ListRoles GetRole'),
  ...calls('cloudtrail', 'DescribeTrails LookupEvents'),
  ...calls('config', 'DescribeConfigurationRecorders'),
  ...calls('kms', 'Decrypt DescribeKey EnableKey'),
  ...calls('organizations', 'DescribeOrganization'),
  signIn({}),
];

/**
 * Events by kind. Names of calls are those of the CIS AWS Foundations Benchmark 3.0.0, recommendations 4.1
 * to 4.15.
 */
export const samples: Readonly<Record<string, Samples>> = {
  'unauthorized-calls': {
    matching: [
      call('ec2', 'RunInstances', { errorCode: 'Client.UnauthorizedOperation' }),
      call('s3', 'GetObject', { errorCode: 'AccessDenied' }),
      call('kms', 'Decrypt', { errorCode: 'AccessDeniedException' }),
    ],
    passing: [
      call('s3', 'GetObject', { errorCode: 'NoSuchKey' }),
      call('s3', 'HeadBucket', { errorCode: 'AccessDenied' }),
      call('s3', 'PutObject', {
        errorCode: 'AccessDenied',
        sourceIPAddress: 'delivery.logs.amazonaws.com',
      }),
    ],
  },
  'sign-in-without-mfa': {
    matching: [
      signIn({ additionalEventData: { MFAUsed: 'No' } }),
      signIn({ additionalEventData: { LoginTo: 'https://console.aws.amazon.com' } }),
    ],
    passing: [
      failed,
      // The identity provider asks for the second factor.
      signIn({ userIdentity: base.userIdentity, additionalEventData: { MFAUsed: 'No' } }),
    ],
  },
  'root-use': {
    matching: [
      call('ec2', 'DescribeInstances', { userIdentity: root }),
      signIn({ userIdentity: root }),
    ],
    passing: [
      call('kms', 'RotateKey', { userIdentity: root, eventType: 'AwsServiceEvent' }),
      call('sts', 'AssumeRole', {
        userIdentity: { ...root, invokedBy: 'support.amazonaws.com' },
      }),
    ],
  },
  'iam-changes': {
    matching: calls(
      'iam',
      `DeleteGroupPolicy DeleteRolePolicy DeleteUserPolicy PutGroupPolicy PutRolePolicy PutUserPolicy
       CreatePolicy DeletePolicy CreatePolicyVersion DeletePolicyVersion AttachRolePolicy
       DetachRolePolicy AttachUserPolicy DetachUserPolicy AttachGroupPolicy DetachGroupPolicy`,
    ),
    passing: calls('organizations', 'CreatePolicy DeletePolicy'),
  },
  'trail-changes': {
    matching: calls('cloudtrail', 'CreateTrail UpdateTrail DeleteTrail StartLogging StopLogging'),
    passing: [],
  },
  'failed-sign-ins': {
    matching: [failed, { ...failed, userIdentity: root }],
    passing: [call('sts', 'AssumeRole', { errorMessage: 'Failed authentication' })],
  },
  'key-deletion': {
    matching: calls('kms', 'DisableKey ScheduleKeyDeletion'),
    passing: calls('kms', 'CancelKeyDeletion DisableKeyRotation'),
  },
  'bucket-policy-changes': {
    matching: calls(
      's3',
      `PutBucketAcl PutBucketPolicy PutBucketCors PutBucketLifecycle PutBucketReplication
       DeleteBucketPolicy DeleteBucketCors DeleteBucketLifecycle DeleteBucketReplication`,
    ),
    passing: calls('s3', 'PutObject PutBucketTagging'),
  },
  'recorder-changes': {
    matching: calls(
      'config',
      'StopConfigurationRecorder DeleteDeliveryChannel PutDeliveryChannel PutConfigurationRecorder',
    ),
    passing: calls('config', 'PutEvaluations StartConfigurationRecorder'),
  },
  'security-group-changes': {
    matching: calls(
      'ec2',
      `AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress
       RevokeSecurityGroupEgress CreateSecurityGroup DeleteSecurityGroup`,
    ),
    passing: calls('ec2', 'DescribeSecurityGroups'),
  },
  'network-acl-changes': {
    matching: calls(
      'ec2',
      `CreateNetworkAcl CreateNetworkAclEntry DeleteNetworkAcl DeleteNetworkAclEntry
       ReplaceNetworkAclEntry ReplaceNetworkAclAssociation`,
    ),
    passing: calls('ec2', 'DescribeNetworkAcls'),
  },
  'gateway-changes': {
    matching: calls(
      'ec2',
      `CreateCustomerGateway DeleteCustomerGateway AttachInternetGateway CreateInternetGateway
       DeleteInternetGateway DetachInternetGateway`,
    ),
    passing: calls('ec2', 'DescribeInternetGateways'),
  },
  'route-changes': {
    matching: calls(
      'ec2',
      `CreateRoute CreateRouteTable ReplaceRoute ReplaceRouteTableAssociation DeleteRouteTable
       DeleteRoute DisassociateRouteTable`,
    ),
    passing: [...calls('apigateway', 'CreateRoute'), ...calls('ec2', 'DescribeRouteTables')],
  },
  'vpc-changes': {
    matching: calls(
      'ec2',
      `CreateVpc DeleteVpc ModifyVpcAttribute AcceptVpcPeeringConnection CreateVpcPeeringConnection
       DeleteVpcPeeringConnection RejectVpcPeeringConnection AttachClassicLinkVpc
       DetachClassicLinkVpc DisableVpcClassicLink EnableVpcClassicLink`,
    ),
    passing: calls('ec2', 'DescribeVpcs'),
  },
  'organization-changes': {
    matching: calls(
      'organizations',
      `AcceptHandshake AttachPolicy CreateAccount CreateOrganizationalUnit CreatePolicy
       DeclineHandshake DeleteOrganization DeleteOrganizationalUnit DeletePolicy DetachPolicy
       DisablePolicyType EnablePolicyType InviteAccountToOrganization LeaveOrganization MoveAccount
       RemoveAccountFromOrganization UpdatePolicy UpdateOrganizationalUnit`,
    ),
    passing: calls('iam', 'CreatePolicy'),
  },
  'detector-changes': {
    matching: [
      ...calls('guardduty', 'DeleteDetector UpdateDetector CreateFilter'),
      ...calls('securityhub', 'DisableSecurityHub BatchDisableStandards'),
      ...calls('macie2', 'DisableMacie CreateFindingsFilter'),
    ],
    passing: calls('guardduty', 'GetDetector GetFindings'),
  },
  'alarm-changes': {
    matching: [
      ...calls('monitoring', 'DeleteAlarms DisableAlarmActions'),
      ...calls('logs', 'DeleteLogGroup DeleteMetricFilter PutRetentionPolicy'),
      ...calls('sns', 'DeleteTopic Unsubscribe'),
      ...calls('events', 'DisableRule RemoveTargets'),
    ],
    passing: [...calls('monitoring', 'DescribeAlarms'), ...calls('logs', 'CreateLogStream')],
  },
};

/** What nobody is told of, whatever the kind. */
export const ordinaryEvents = ordinary;
