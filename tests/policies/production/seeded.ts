import {
  add,
  first,
  grant,
  type Mutation,
  parameter,
  remove,
  rewrite,
  set,
  within,
} from './mutations.ts';
import { audit } from './seeded-audit.ts';
import { agentTasks } from './seeded-agent.ts';

const database = [
  set('rds-storage-encrypted', 'aws_db_instance', 'storage_encrypted', false),
  set('rds-customer-key', 'aws_db_instance', 'kms_key_id', undefined),
  set('data-personal-encrypted', 'aws_db_instance', 'kms_key_id', 'alias/aws/rds'),
  set('rds-not-public', 'aws_db_instance', 'publicly_accessible', true),
  set('rds-backup-retention', 'aws_db_instance', 'backup_retention_period', 1),
  set('rds-deletion-protection', 'aws_db_instance', 'deletion_protection', false),
  set('rds-multi-az', 'aws_db_instance', 'multi_az', false),
  set(
    'rds-iam-authentication',
    'aws_db_instance',
    'iam_database_authentication_enabled',
    undefined,
  ),
  set('rds-copies-tags', 'aws_db_instance', 'copy_tags_to_snapshot', false),
  set('rds-enhanced-monitoring', 'aws_db_instance', 'monitoring_interval', 0),
  set('rds-log-exports', 'aws_db_instance', 'enabled_cloudwatch_logs_exports', ['upgrade']),
  set('data-personal-logged', 'aws_db_instance', 'enabled_cloudwatch_logs_exports', []),
  set('rds-minor-upgrades', 'aws_db_instance', 'auto_minor_version_upgrade', false),
  set('rds-performance-insights', 'aws_db_instance', 'performance_insights_enabled', false),
  set(
    'rds-performance-insights-key',
    'aws_db_instance',
    'performance_insights_kms_key_id',
    undefined,
  ),
  set('rds-modern-ca', 'aws_db_instance', 'ca_cert_identifier', 'rds-ca-2019'),
  set('rds-managed-master-password', 'aws_db_instance', 'password', 'written-in-the-clear'),
  set('rds-master-secret-key', 'aws_db_instance', 'master_user_secret_kms_key_id', undefined),
  set('rds-patched-engine', 'aws_db_instance', 'engine_version', '12.3'),
  set('data-classified', 'aws_db_instance', 'tags.DataClassification', undefined),
  set('tags-complete', 'aws_db_instance', 'tags.Owner', undefined),
  parameter('rds-forces-tls', 'rds.force_ssl', '0'),
  {
    rule: 'rds-query-logging',
    what: 'parameters that log no statement',
    apply: (stacks: Parameters<Mutation['apply']>[0]) => {
      for (const name of ['log_statement', 'log_min_duration_statement'])
        parameter('', name).apply(stacks);
    },
  },
  parameter('rds-pgaudit', 'shared_preload_libraries', 'pg_stat_statements'),
  parameter('rds-log-connections', 'log_disconnections', '0'),
  parameter('rds-slot-wal-bounded', 'max_slot_wal_keep_size'),
];

const fileSystems = within('staging', [
  set('efs-encrypted', 'aws_efs_file_system', 'encrypted', false),
  set('efs-customer-key', 'aws_efs_file_system', 'kms_key_id', undefined),
  set('efs-access-point-root', 'aws_efs_access_point', 'root_directory.path', '/'),
  set('efs-access-point-user', 'aws_efs_access_point', 'posix_user.uid', 0),
  remove('efs-tls-only', 'aws_efs_file_system_policy'),
]);

const stagingPool = within('staging', [
  set('cognito-deletion-protection', 'aws_cognito_user_pool', 'deletion_protection', 'INACTIVE'),
]);

const userPools = within('sandbox', [
  set('cognito-mfa-required', 'aws_cognito_user_pool', 'mfa_configuration', 'OPTIONAL'),
  set('cognito-threat-protection', 'aws_cognito_user_pool', 'user_pool_add_ons', undefined),
  set(
    'cognito-no-self-sign-up',
    'aws_cognito_user_pool',
    'admin_create_user_config.allow_admin_create_user_only',
    false,
  ),
  set('cognito-password-length', 'aws_cognito_user_pool', 'password_policy.minimum_length', 8),
]);

const storage = [
  set('kms-key-enabled', 'aws_kms_key', 'is_enabled', false),
  set('s3-aborts-uploads', 'aws_s3_bucket_lifecycle_configuration', 'rule', [
    { id: 'x', status: 'Enabled' },
  ]),
  set('s3-name-dns', 'aws_s3_bucket', 'bucket', 'crm.files'),
  add('s3-no-open-cors', 'aws_s3_bucket', 'aws_s3_bucket_cors_configuration', () => ({
    bucket: 'any',
    cors_rule: [{ allowed_methods: ['GET'], allowed_origins: ['*'] }],
  })),
  add('s3-objects-customer-key', 'aws_s3_bucket', 'aws_s3_object', () => ({
    bucket: 'any',
    key: 'k',
    server_side_encryption: 'AES256',
  })),
  add('rds-snapshot-private', 'aws_db_instance', 'aws_db_snapshot', () => ({
    shared_accounts: ['all'],
  })),
  add('rds-copies-customer-key', 'aws_db_instance', 'aws_db_snapshot_copy', () => ({})),
  add('secret-customer-key', 'aws_db_instance', 'aws_secretsmanager_secret', () => ({})),
  add('secret-rotated', 'aws_db_instance', 'aws_secretsmanager_secret', () => ({})),
  set(
    's3-public-access-blocked',
    'aws_s3_bucket_public_access_block',
    'block_public_policy',
    false,
  ),
  remove(
    's3-customer-key',
    'aws_s3_bucket_server_side_encryption_configuration',
    /attachments_bucket/,
  ),
  remove('s3-versioned', 'aws_s3_bucket_versioning', /attachments_bucket/),
  remove('s3-access-logged', 'aws_s3_bucket_logging', /attachments_bucket/),
  set(
    's3-acls-disabled',
    'aws_s3_bucket_ownership_controls',
    'rule.object_ownership',
    'ObjectWriter',
  ),
  rewrite(
    's3-tls-only',
    'aws_s3_bucket_policy',
    'policy',
    (all) => all.filter(({ Sid }) => Sid !== 'DenyPlaintext'),
    /attachments_bucket/,
  ),
  grant(
    's3-policy-names-principals',
    'aws_s3_bucket_policy',
    { Action: 's3:GetObject', Principal: '*' },
    /attachments_bucket/,
  ),
  grant(
    's3-policy-no-lockout',
    'aws_s3_bucket_policy',
    { Effect: 'Deny', Action: 's3:*', Principal: '*' },
    /attachments_bucket/,
  ),
  remove('s3-lifecycle', 'aws_s3_bucket_lifecycle_configuration', /attachments_bucket/),
  remove('s3-event-notifications', 'aws_s3_bucket_notification', /attachments_bucket/),
  add('s3-no-public-acl', 'aws_s3_bucket', 'aws_s3_bucket_acl', () => ({
    bucket: 'any',
    acl: 'public-read',
  })),
  remove('s3-account-public-access-blocked', 'aws_s3_account_public_access_block'),
  set(
    'backup-offsite-in-truth',
    'aws_s3_bucket',
    'region',
    'eu-central-1',
    /attachments_replica_bucket/,
  ),
  set('kms-rotation', 'aws_kms_key', 'enable_key_rotation', false),
  set('kms-deletion-window', 'aws_kms_key', 'deletion_window_in_days', 7),
  set('kms-policy-defined', 'aws_kms_key', 'policy', undefined),
  grant('kms-policy-names-principals', 'aws_kms_key', { Action: 'kms:Decrypt', Principal: '*' }),
  rewrite('kms-separated-users', 'aws_kms_key', 'policy', (all) =>
    all.map((one) => ({ ...one, Action: 'kms:*', Condition: undefined })),
  ),
  set('sns-customer-key', 'aws_sns_topic', 'kms_master_key_id', 'alias/aws/sns'),
  grant('sns-policy-names-principals', 'aws_sns_topic_policy', {
    Action: 'sns:Subscribe',
    Principal: { AWS: '*' },
  }),
  set('log-group-retention', 'aws_cloudwatch_log_group', 'retention_in_days', 30),
  set('log-retention-of-environment', 'aws_cloudwatch_log_group', 'retention_in_days', 731),
  set('log-group-customer-key', 'aws_cloudwatch_log_group', 'kms_key_id', undefined),
  set('alarm-notifies', 'aws_cloudwatch_metric_alarm', 'alarm_actions', []),
];

const door = [
  set('lb-target-health-check', 'aws_lb_target_group', 'health_check', undefined),
  set('lb-listener-tls', 'aws_lb_listener', 'default_action', [{ type: 'forward' }], /plaintext/),
  set('lb-tls-policy', 'aws_lb_listener', 'ssl_policy', 'ELBSecurityPolicy-2016-08', /tls/),
  set('lb-signs-in', 'aws_lb_listener', 'default_action', [{ type: 'forward' }], /tls/),
  set('lb-drops-invalid-headers', 'aws_lb', 'drop_invalid_header_fields', false),
  set('lb-access-logs', 'aws_lb', 'access_logs.enabled', false),
  set('lb-connection-logs', 'aws_lb', 'connection_logs.enabled', false),
  set('lb-deletion-protection', 'aws_lb', 'enable_deletion_protection', false),
  set('lb-desync-strictest', 'aws_lb', 'desync_mitigation_mode', 'monitor'),
  set('lb-several-zones', 'aws_lb', 'subnets', ['subnet-1']),
  set('lb-target-tls', 'aws_lb_target_group', 'protocol', 'HTTP'),
  remove('lb-behind-waf', 'aws_wafv2_web_acl_association'),
  remove('waf-logging', 'aws_wafv2_web_acl_logging_configuration'),
  set('waf-log-redaction', 'aws_wafv2_web_acl_logging_configuration', 'redacted_fields', []),
  set('waf-has-rules', 'aws_wafv2_web_acl', 'rule', []),
  set('waf-managed-groups', 'aws_wafv2_web_acl', 'rule', [{ name: 'one', action: { block: {} } }]),
  set('waf-rate-limit', 'aws_wafv2_web_acl', 'rule', [{ name: 'one', action: { block: {} } }]),
  set('waf-rules-act', 'aws_wafv2_web_acl', 'rule', [
    { name: 'one', override_action: { count: {} } },
  ]),
  set('waf-metrics', 'aws_wafv2_web_acl', 'visibility_config.cloudwatch_metrics_enabled', false),
];

const rule = (more: Record<string, unknown>): Record<string, unknown> => ({
  ip_protocol: 'tcp',
  description: 'seeded',
  ...more,
});

/** Lets `from` into `to`: a range, or another group of the network. */
const letIn = (to: string, from: string, port: number): Record<string, unknown> =>
  rule({
    security_group_id: `\${aws_security_group.${to}.id}`,
    from_port: port,
    to_port: port,
    ...(from.includes('/')
      ? { cidr_ipv4: from }
      : { referenced_security_group_id: `\${aws_security_group.${from}.id}` }),
  });

const chain: Mutation = {
  rule: 'network-no-internet-path-to-data',
  what: 'three security groups in a row, from the internet to the database',
  apply: (stacks) => {
    const { stack } = first(stacks, 'aws_vpc');
    const edge = first([stack], 'aws_subnet', /^edge/).name;
    const { name: data } = first([stack], 'aws_security_group', /groups_database/);
    const resources = stack.content.resource;
    resources['aws_security_group'] = { ...resources['aws_security_group'], bastion: {}, jump: {} };
    resources['aws_instance'] = {
      bastion: {
        subnet_id: `\${aws_subnet.${edge}.id}`,
        vpc_security_group_ids: ['${aws_security_group.bastion.id}'],
      },
    };
    resources['aws_vpc_security_group_ingress_rule'] = {
      ...resources['aws_vpc_security_group_ingress_rule'],
      first: letIn('bastion', '0.0.0.0/0', 443),
      second: letIn('jump', 'bastion', 22),
      third: letIn(data, 'jump', 5432),
    };
  },
};

const network = [
  add('acl-attached', 'aws_vpc', 'aws_network_acl', () => ({})),
  chain,
  add(
    'network-no-internet-path-to-data',
    'aws_vpc',
    'aws_vpc_security_group_ingress_rule',
    (stack) =>
      letIn(
        first([stack], 'aws_security_group', /groups_database/).name,
        first([stack], 'aws_security_group', /groups_alb/).name,
        5432,
      ),
  ),
  add('network-data-isolated', 'aws_vpc', 'aws_route', (stack) => ({
    route_table_id: `\${aws_route_table.${first([stack], 'aws_route_table', /^data/).name}.id}`,
    destination_cidr_block: '0.0.0.0/0',
    gateway_id: `\${aws_internet_gateway.${first([stack], 'aws_internet_gateway').name}.id}`,
  })),
  add('network-data-isolated', 'aws_vpc', 'aws_route', (stack) => ({
    route_table_id: `\${aws_route_table.${first([stack], 'aws_route_table', /drills|recovery/).name}.id}`,
    destination_cidr_block: '0.0.0.0/0',
    nat_gateway_id: 'nat-0',
  })),
  add('network-data-acl-closed', 'aws_vpc', 'aws_network_acl_rule', (stack) => ({
    network_acl_id: `\${aws_network_acl.${first([stack], 'aws_network_acl', /^data/).name}.id}`,
    rule_number: 5,
    rule_action: 'allow',
    egress: false,
    protocol: '6',
    cidr_block: '0.0.0.0/0',
    from_port: 5432,
    to_port: 5432,
  })),
  add('acl-no-all-ports', 'aws_vpc', 'aws_network_acl_rule', (stack) => ({
    network_acl_id: `\${aws_network_acl.${first([stack], 'aws_network_acl', /^app/).name}.id}`,
    rule_number: 5,
    rule_action: 'allow',
    egress: false,
    protocol: '-1',
    cidr_block: '0.0.0.0/0',
    from_port: 0,
    to_port: 0,
  })),
  add('acl-no-open-admin-ports', 'aws_vpc', 'aws_network_acl_rule', (stack) => ({
    network_acl_id: `\${aws_network_acl.${first([stack], 'aws_network_acl', /^app/).name}.id}`,
    rule_number: 5,
    rule_action: 'allow',
    egress: false,
    protocol: '6',
    cidr_block: '0.0.0.0/0',
    from_port: 22,
    to_port: 22,
  })),
  add('sg-no-open-admin-ports', 'aws_vpc', 'aws_vpc_security_group_ingress_rule', (stack) =>
    letIn(first([stack], 'aws_security_group', /groups_app/).name, '0.0.0.0/0', 22),
  ),
  add(
    'sg-world-only-to-load-balancers',
    'aws_vpc',
    'aws_vpc_security_group_ingress_rule',
    (stack) => letIn(first([stack], 'aws_security_group', /groups_app/).name, '0.0.0.0/0', 8443),
  ),
  add('sg-no-open-egress', 'aws_vpc', 'aws_vpc_security_group_egress_rule', (stack) => ({
    security_group_id: `\${aws_security_group.${first([stack], 'aws_security_group', /groups_app/).name}.id}`,
    ip_protocol: '-1',
    cidr_ipv4: '0.0.0.0/0',
  })),
  set('sg-described', 'aws_security_group', 'description', undefined),
  add('sg-attached', 'aws_vpc', 'aws_security_group', () => ({ description: 'for nothing' })),
  remove('vpc-flow-logs', 'aws_flow_log', /main/),
  remove('vpc-default-security-group-closed', 'aws_default_security_group', /main/),
  set('vpc-default-acl-closed', 'aws_default_network_acl', 'ingress', [
    {
      rule_no: 1,
      action: 'allow',
      protocol: '-1',
      cidr_block: '0.0.0.0/0',
      from_port: 0,
      to_port: 0,
    },
  ]),
  set('vpc-default-route-table-empty', 'aws_default_route_table', 'route', [
    { cidr_block: '0.0.0.0/0', gateway_id: 'igw-0' },
  ]),
  add('vpc-no-default-vpc', 'aws_vpc', 'aws_default_vpc', () => ({})),
  set('subnet-no-public-ip', 'aws_subnet', 'map_public_ip_on_launch', true),
  set('subnet-has-acl', 'aws_network_acl', 'subnet_ids', ['subnet-0'], /^app/),
  set('vpc-endpoint-policy', 'aws_vpc_endpoint', 'policy', undefined),
  remove('dns-query-logs', 'aws_route53_resolver_query_log_config_association', /main/),
  remove('dns-firewall', 'aws_route53_resolver_firewall_rule_group_association', /main/),
  set('firewall-deletion-protection', 'aws_networkfirewall_firewall', 'delete_protection', false),
  remove('firewall-logging', 'aws_networkfirewall_logging_configuration'),
  set(
    'firewall-customer-key',
    'aws_networkfirewall_firewall',
    'encryption_configuration',
    undefined,
  ),
  set(
    'firewall-drops-the-rest',
    'aws_networkfirewall_firewall_policy',
    'firewall_policy.stateful_default_actions',
    [],
  ),
  remove('firewall-on-the-route', 'aws_route', /app-.*-to-internet/),
  remove('firewall-on-the-route', 'aws_route', /egress-.*-to-app/),
  set('vpn-client-two-factors', 'aws_ec2_client_vpn_endpoint', 'authentication_options', [
    { type: 'certificate-authentication' },
  ]),
  set(
    'vpn-client-connection-log',
    'aws_ec2_client_vpn_endpoint',
    'connection_log_options.enabled',
    false,
  ),
  set('vpn-client-session-limit', 'aws_ec2_client_vpn_endpoint', 'session_timeout_hours', 24),
  set('vpn-client-split-tunnel', 'aws_ec2_client_vpn_endpoint', 'split_tunnel', false),
  set(
    'vpn-client-per-group',
    'aws_ec2_client_vpn_authorization_rule',
    'authorize_all_groups',
    true,
  ),
  set('vpn-site-strong-encryption', 'aws_vpn_connection', 'tunnel2_ike_versions', [
    'ikev1',
    'ikev2',
  ]),
  set('vpn-site-logs', 'aws_vpn_connection', 'tunnel1_log_options', undefined),
];

const rights = 'aws_iam_role_policy';
const people = /auditor_rights/;
const identity = [
  set('iam-password-length', 'aws_iam_account_password_policy', 'minimum_password_length', 8),
  set('iam-password-characters', 'aws_iam_account_password_policy', 'require_symbols', false),
  set('iam-password-reuse', 'aws_iam_account_password_policy', 'password_reuse_prevention', 1),
  set('iam-password-expiry', 'aws_iam_account_password_policy', 'max_password_age', undefined),
  set('ebs-encrypted-by-default', 'aws_ebs_encryption_by_default', 'enabled', false),
  set('imds-v2-by-default', 'aws_ec2_instance_metadata_defaults', 'http_tokens', 'optional'),
  remove('iam-access-analyzer', 'aws_accessanalyzer_analyzer'),
  grant('iam-no-full-administration', rights, { Action: '*' }, people),
  grant('iam-no-any-action', rights, { Action: 's3:*', Resource: 'arn:aws:s3:::any' }, people),
  grant('iam-no-full-iam', rights, { Action: 'iam:*' }, people),
  grant('iam-writes-bounded', rights, { Action: 's3:PutObject' }, people),
  grant('iam-permissions-bounded', rights, { Action: 'kms:PutKeyPolicy' }, people),
  grant('iam-no-data-exfiltration', rights, { Action: 'secretsmanager:GetSecretValue' }, people),
  grant('iam-no-credential-exposure', rights, { Action: 'iam:CreateAccessKey' }, people),
  grant('iam-pass-role-bounded', rights, { Action: 'iam:PassRole' }, people),
  grant('iam-s3-bounded', rights, { Action: 's3:GetObject', Resource: 'arn:aws:s3:::*' }, people),
  grant(
    'iam-role-trust-named',
    'aws_iam_role',
    { Principal: '*', Action: 'sts:AssumeRole', Resource: undefined },
    /auditor/,
    'assume_role_policy',
  ),
  rewrite(
    'iam-role-mfa',
    'aws_iam_role',
    'assume_role_policy',
    (all) => all.map((one) => ({ ...one, Condition: undefined })),
    /auditor/,
  ),
  rewrite(
    'iam-oidc-subject-bound',
    'aws_iam_role',
    'assume_role_policy',
    (all) => all.map((one) => ({ ...one, Condition: undefined })),
    /deploy/,
  ),
  set('iam-role-boundary', 'aws_iam_role', 'permissions_boundary', undefined, /auditor/),
  set('iam-session-limit', 'aws_iam_role', 'max_session_duration', 43_200, /auditor/),
  add('iam-no-users', 'aws_iam_role', 'aws_iam_user', () => ({ name: 'seeded' })),
  add('iam-no-user-policies', 'aws_iam_role', 'aws_iam_user_policy', () => ({ user: 'seeded' })),
  {
    rule: 'iam-no-privilege-escalation',
    what: 'a role without a boundary that passes any role to a function of its own',
    apply: (stacks: Parameters<Mutation['apply']>[0]) => {
      const { stack } = first(stacks, 'aws_iam_role', /auditor/);
      const policy = JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Action: ['iam:PassRole', 'lambda:CreateFunction', 'lambda:InvokeFunction'],
            Resource: '*',
          },
        ],
      });
      const resources = stack.content.resource;
      resources['aws_iam_role'] = { ...resources['aws_iam_role'], seeded: { name: 'seeded' } };
      resources['aws_iam_role_policy'] = {
        ...resources['aws_iam_role_policy'],
        seeded: { role: '${aws_iam_role.seeded.name}', policy },
      };
    },
  },
];

/** A repository of backups as the agent's stack makes it, with one thing wrong. */
function repository(
  rule: string,
  what: string,
  seed: (resources: Record<string, Record<string, Record<string, unknown>>>) => void,
): Mutation {
  return {
    rule,
    what,
    apply: (stacks) => {
      const { stack } = first(stacks, 'aws_db_instance');
      const resources = stack.content.resource;
      resources['aws_s3_bucket'] = {
        ...resources['aws_s3_bucket'],
        seeded: {
          bucket: 'seeded-vault',
          object_lock_enabled: true,
          tags: { DataClassification: 'personal' },
        },
      };
      resources['aws_s3_bucket_versioning'] = {
        ...resources['aws_s3_bucket_versioning'],
        seeded: {
          bucket: '${aws_s3_bucket.seeded.id}',
          versioning_configuration: { status: 'Enabled' },
        },
      };
      resources['aws_iam_role'] = { ...resources['aws_iam_role'], seeded: { name: 'seeded' } };
      seed(resources);
    },
  };
}

const may = (...actions: string[]): Record<string, Record<string, unknown>> => ({
  seeded: {
    role: '${aws_iam_role.seeded.name}',
    policy: `\${jsonencode({"Statement" = [{"Effect" = "Allow", "Action" = ${JSON.stringify(actions)}, "Resource" = "\${aws_s3_bucket.seeded.arn}/*"}]})}`,
  },
});

const agent = (jobs: Record<string, unknown>): Record<string, Record<string, unknown>> => ({
  seeded: {
    name: 'agent',
    value: JSON.stringify({
      repositories: { vault: { type: 's3', bucket: 'seeded-vault', objectLock: 'compliance' } },
      jobs,
    }),
  },
});

const personalFiles = { bucket: 'seeded-files', tags: { DataClassification: 'personal' } };

const backups = [
  repository('backup-repository-locked', 'a repository without Object Lock', (resources) => {
    resources['aws_s3_bucket'] = {
      ...resources['aws_s3_bucket'],
      seeded: { bucket: 'seeded-vault', tags: { BackupRepository: 'true' } },
    };
  }),
  repository(
    'backup-writer-cannot-delete',
    'a writer with a wildcard that includes delete',
    (resources) => {
      resources['aws_iam_role_policy'] = {
        ...resources['aws_iam_role_policy'],
        seeded: may('s3:*Object*')['seeded'] ?? {},
      };
    },
  ),
  grant(
    'backup-writer-cannot-decrypt',
    'aws_iam_role_policy',
    { Sid: 'Seeded', Action: 'kms:Decrypt' },
    /^agent-run-rights$/,
  ),
  add('data-in-agent-job', 'aws_s3_bucket', 'aws_s3_bucket', () => personalFiles),
  repository('data-in-drill', 'a bucket whose backups nobody rehearses', (resources) => {
    resources['aws_s3_bucket'] = { ...resources['aws_s3_bucket'], files: personalFiles };
    resources['aws_ssm_parameter'] = agent({
      files: {
        source: { type: 's3', bucket: 'seeded-files' },
        repository: 'vault',
        retention: { keepWithin: '30d' },
      },
    });
  }),
  repository('backup-lock-covers-retention', 'a lock shorter than the retention', (resources) => {
    resources['aws_ssm_parameter'] = agent({
      database: {
        source: { type: 'postgres' },
        repository: 'vault',
        retention: { keepWithin: '90d' },
        maxChainAge: '7d',
      },
    });
    resources['aws_s3_bucket_object_lock_configuration'] = {
      seeded: {
        bucket: '${aws_s3_bucket.seeded.id}',
        rule: { default_retention: { mode: 'COMPLIANCE', days: 90 } },
      },
    };
  }),
];

/** Misconfigurations of the production stacks, each with the rule that must name it. */
export const mutations: readonly Mutation[] = [
  ...database,
  ...fileSystems,
  ...userPools,
  ...stagingPool,
  ...storage,
  ...door,
  ...network,
  ...identity,
  ...backups,
  ...audit,
  ...agentTasks,
];
