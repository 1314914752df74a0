/** One of AWS's managed rules: its identifier, and parameters that differ from AWS's own. */
export interface ManagedRule {
  readonly identifier: string;
  readonly parameters?: Readonly<Record<string, string>>;
}

const plain = (...identifiers: readonly string[]): ManagedRule[] =>
  identifiers.map((identifier) => ({ identifier }));

/**
 * That the guards themselves stand. Identifiers are those of "List of AWS Config Managed Rules":
 * https://docs.aws.amazon.com/config/latest/developerguide/managed-rules-by-aws-config.html
 */
export const accountRules: readonly ManagedRule[] = [
  ...plain(
    'MULTI_REGION_CLOUD_TRAIL_ENABLED',
    'CLOUD_TRAIL_ENCRYPTION_ENABLED',
    'CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED',
    'CLOUD_TRAIL_CLOUD_WATCH_LOGS_ENABLED',
    'S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS_PERIODIC',
    'EC2_EBS_ENCRYPTION_BY_DEFAULT',
  ),
];

/** Of an account's root user, which `aws-cn` does not have. */
export const rootRules: readonly ManagedRule[] = plain(
  'IAM_ROOT_ACCESS_KEY_CHECK',
  'ROOT_ACCOUNT_MFA_ENABLED',
);

/** The conformance packs, by their names; `everywhere` where the off-site region holds such things too. */
export const conformancePacks: Readonly<
  Record<string, { readonly everywhere: boolean; readonly rules: readonly ManagedRule[] }>
> = {
  identity: {
    everywhere: false,
    rules: [
      {
        identifier: 'IAM_PASSWORD_POLICY',
        parameters: {
          MinimumPasswordLength: '16',
          MaxPasswordAge: '90',
          PasswordReusePrevention: '24',
        },
      },
      { identifier: 'ACCESS_KEYS_ROTATED', parameters: { maxAccessKeyAge: '90' } },
      {
        identifier: 'IAM_USER_UNUSED_CREDENTIALS_CHECK',
        parameters: { maxCredentialUsageAge: '45' },
      },
      ...plain('IAM_USER_NO_POLICIES_CHECK', 'MFA_ENABLED_FOR_IAM_CONSOLE_ACCESS'),
    ],
  },
  data: {
    everywhere: true,
    rules: plain(
      'S3_BUCKET_PUBLIC_READ_PROHIBITED',
      'S3_BUCKET_PUBLIC_WRITE_PROHIBITED',
      'S3_BUCKET_SSL_REQUESTS_ONLY',
      'S3_BUCKET_VERSIONING_ENABLED',
      'S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED',
      'CMK_BACKING_KEY_ROTATION_ENABLED',
      'KMS_CMK_NOT_SCHEDULED_FOR_DELETION',
      'EBS_SNAPSHOT_PUBLIC_RESTORABLE_CHECK',
      'RDS_SNAPSHOTS_PUBLIC_PROHIBITED',
      'RDS_SNAPSHOT_ENCRYPTED',
      'RDS_STORAGE_ENCRYPTED',
      'RDS_INSTANCE_PUBLIC_ACCESS_CHECK',
      'RDS_INSTANCE_DELETION_PROTECTION_ENABLED',
      'DB_INSTANCE_BACKUP_ENABLED',
      'EFS_ENCRYPTED_CHECK',
      'SECRETSMANAGER_ROTATION_ENABLED_CHECK',
    ),
  },
  network: {
    everywhere: true,
    rules: plain(
      'VPC_DEFAULT_SECURITY_GROUP_CLOSED',
      'VPC_FLOW_LOGS_ENABLED',
      'INCOMING_SSH_DISABLED',
      'RESTRICTED_INCOMING_TRAFFIC',
      'SUBNET_AUTO_ASSIGN_PUBLIC_IP_DISABLED',
      'ELB_DELETION_PROTECTION_ENABLED',
      'ELB_LOGGING_ENABLED',
      'ALB_WAF_ENABLED',
    ),
  },
  machines: {
    everywhere: true,
    rules: plain(
      'EC2_IMDSV2_CHECK',
      'EC2_INSTANCE_MANAGED_BY_SSM',
      'EC2_MANAGEDINSTANCE_PATCH_COMPLIANCE_STATUS_CHECK',
      'ECS_CONTAINERS_NONPRIVILEGED',
      'ECS_CONTAINERS_READONLY_ACCESS',
      'ECS_NO_ENVIRONMENT_SECRETS',
      'ECR_PRIVATE_IMAGE_SCANNING_ENABLED',
    ),
  },
};
