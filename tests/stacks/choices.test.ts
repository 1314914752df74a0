import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { resourcesOf, synthesize, type Attributes } from './support.ts';

/** Values that the provider's schema takes as any string, and AWS does not. */
const production = resourcesOf(await synthesize('production'));
const staging = resourcesOf(await synthesize('staging'));

function only(resources: typeof production, type: string): Attributes {
  const found = resources.filter((resource) => resource.type === type);
  assert.equal(found.length, 1, type);
  return found[0]?.attributes ?? {};
}

function has(attributes: unknown, expected: Attributes): void {
  assert.partialDeepStrictEqual(attributes, expected);
}

suite('network', () => {
  test('the firewall drops threats first, passes the allowed domains, and drops the rest', () => {
    const policy = only(production, 'aws_networkfirewall_firewall_policy');
    const rules = policy['firewall_policy'] as Attributes;
    has(rules, {
      stateless_default_actions: ['aws:forward_to_sfe'],
      stateful_default_actions: ['aws:drop_established', 'aws:alert_established'],
      stateful_engine_options: { rule_order: 'STRICT_ORDER', stream_exception_policy: 'DROP' },
    });
    const groups = rules['stateful_rule_group_reference'] as Attributes[];
    const last = groups.toSorted((a, b) => Number(a['priority']) - Number(b['priority'])).at(-1);
    assert.equal(
      last?.['resource_arn'],
      '${aws_networkfirewall_rule_group.inspection_allowed-domains.arn}',
    );
    for (const { resource_arn: arn } of groups.filter((group) => group !== last))
      assert.match(
        String(arn),
        /^arn:aws:network-firewall:eu-central-1:aws-managed:stateful-rulegroup\/\w+StrictOrder$/,
      );
    has(only(production, 'aws_networkfirewall_rule_group'), {
      type: 'STATEFUL',
      rule_group: {
        rules_source: {
          rules_source_list: { generated_rules_type: 'ALLOWLIST', target_types: ['TLS_SNI'] },
        },
        stateful_rule_options: { rule_order: 'STRICT_ORDER' },
      },
    });
  });

  test('unknown names do not resolve, nor any when the DNS firewall fails', () => {
    const rules = production.filter(({ type }) => type === 'aws_route53_resolver_firewall_rule');
    has(rules.find(({ id }) => id === 'main_block-domains')?.attributes, {
      action: 'BLOCK',
      block_response: 'NXDOMAIN',
    });
    const lists = production.filter(
      ({ type }) => type === 'aws_route53_resolver_firewall_domain_list',
    );
    const domains = (id: string) =>
      lists.find((list) => list.id === id)?.attributes['domains'] as string[];
    assert.deepEqual(domains('main_other-domains'), ['*']);
    assert.deepEqual(domains('main_allowed-domains'), [
      '*.amazonaws.com',
      '*.compute.internal',
      's3.eu-west-1.amazonaws.com',
      '*.s3.eu-west-1.amazonaws.com',
      'updates.example.com',
      'login.example.com',
    ]);
    assert.deepEqual(domains('offsite_recovery_allowed-domains'), [
      '*.amazonaws.com',
      '*.compute.internal',
    ]);
    for (const { type, attributes } of production)
      if (type === 'aws_route53_resolver_firewall_config')
        assert.equal(attributes['firewall_fail_open'], 'DISABLED');
  });

  test('all traffic of both VPCs is logged', () => {
    const flows = production.filter(({ type }) => type === 'aws_flow_log');
    assert.equal(flows.length, 2);
    for (const { attributes } of flows) assert.equal(attributes['traffic_type'], 'ALL');
  });
});

suite('edge', () => {
  const listeners = production.filter(({ type }) => type === 'aws_lb_listener');

  test('users meet TLS 1.3 and a sign-in; plaintext is redirected', () => {
    has(listeners.find(({ id }) => id === 'door_tls')?.attributes, {
      port: 443,
      protocol: 'HTTPS',
      ssl_policy: 'ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09',
      default_action: [
        {
          type: 'authenticate-oidc',
          order: 1,
          authenticate_oidc: {
            session_timeout: 8 * 3600,
            on_unauthenticated_request: 'authenticate',
          },
        },
        { type: 'forward', order: 2 },
      ],
    });
    has(listeners.find(({ id }) => id === 'door_plaintext')?.attributes, {
      default_action: [
        { type: 'redirect', redirect: { protocol: 'HTTPS', status_code: 'HTTP_301' } },
      ],
    });
  });

  test('the load balancer is strict about what it reads', () => {
    has(only(production, 'aws_lb'), {
      desync_mitigation_mode: 'strictest',
      drop_invalid_header_fields: true,
      enable_deletion_protection: true,
      access_logs: { enabled: true },
      connection_logs: { enabled: true },
    });
  });

  test('the user pool requires a second factor and refuses risky sign-ins', () => {
    has(only(staging, 'aws_cognito_user_pool'), {
      mfa_configuration: 'ON',
      user_pool_tier: 'PLUS',
      user_pool_add_ons: { advanced_security_mode: 'ENFORCED' },
      software_token_mfa_configuration: { enabled: true },
      deletion_protection: 'ACTIVE',
    });
    has(only(staging, 'aws_cognito_risk_configuration'), {
      compromised_credentials_risk_configuration: { actions: { event_action: 'BLOCK' } },
    });
  });

  test('the web ACL has all groups, a metric for each rule, and a log without secrets', () => {
    const rules = only(production, 'aws_wafv2_web_acl')['rule'] as Attributes[];
    const managed = JSON.stringify(rules).match(/AWSManagedRules\w+/g) ?? [];
    assert.deepEqual(
      managed.map((name) => name.replace('AWSManagedRules', '')),
      [
        'AmazonIpReputationList',
        'AnonymousIpList',
        'KnownBadInputsRuleSet',
        'CommonRuleSet',
        'SQLiRuleSet',
        'BotControlRuleSet',
      ],
    );
    for (const rule of rules)
      has(rule, { visibility_config: { cloudwatch_metrics_enabled: true } });
    const login = JSON.stringify(rules.find(({ name }) => name === 'LoginRate'));
    for (const part of ['"limit":50', '"/login"', '"/api/session"', 'URL_DECODE', 'LOWERCASE'])
      assert.ok(login.includes(part), part);
    const logging = only(production, 'aws_wafv2_web_acl_logging_configuration');
    assert.match(JSON.stringify(logging['redacted_fields']), /authorization.*cookie.*query_string/);
  });
});

suite('vpn', () => {
  test('people show a certificate and sign in, for eight hours at most', () => {
    const endpoint = only(production, 'aws_ec2_client_vpn_endpoint');
    const ways = (endpoint['authentication_options'] as Attributes[]).map(({ type }) => type);
    assert.deepEqual(ways, ['certificate-authentication', 'federated-authentication']);
    has(endpoint, {
      session_timeout_hours: 8,
      disconnect_on_session_timeout: true,
      split_tunnel: true,
      connection_log_options: { enabled: true },
      client_login_banner_options: { enabled: true },
      client_route_enforcement_options: { enforced: true },
    });
  });

  test('each group is authorized for its tier and the resolver, and nobody for all', () => {
    const rules = production
      .filter(({ type }) => type === 'aws_ec2_client_vpn_authorization_rule')
      .map(({ attributes }) => [
        attributes['access_group_id'],
        attributes['target_network_cidr'],
        attributes['authorize_all_groups'],
      ]);
    assert.deepEqual(rules, [
      ['crm-database-administrators', '10.40.32.0/19', undefined],
      ['crm-database-administrators', '10.40.0.2/32', undefined],
      ['crm-platform-engineers', '10.40.0.0/19', undefined],
      ['crm-platform-engineers', '10.40.0.2/32', undefined],
    ]);
  });

  test('both tunnels speak IKEv2 with strong ciphers alone, and tell when they are down', () => {
    const connection = only(production, 'aws_vpn_connection');
    for (const tunnel of ['tunnel1', 'tunnel2'])
      has(connection, {
        [`${tunnel}_ike_versions`]: ['ikev2'],
        [`${tunnel}_phase1_encryption_algorithms`]: ['AES256-GCM-16'],
        [`${tunnel}_phase2_encryption_algorithms`]: ['AES256-GCM-16'],
        [`${tunnel}_phase1_integrity_algorithms`]: ['SHA2-384'],
        [`${tunnel}_phase2_integrity_algorithms`]: ['SHA2-384'],
        [`${tunnel}_phase1_dh_group_numbers`]: [20, 21],
        [`${tunnel}_phase2_dh_group_numbers`]: [20, 21],
        [`${tunnel}_log_options`]: { cloudwatch_log_options: { log_enabled: true } },
      });
    assert.equal(connection['preshared_key_storage'], 'SecretsManager');
    const alarms = production.filter(
      ({ attributes }) => attributes['metric_name'] === 'TunnelState',
    );
    assert.equal(alarms.length, 2);
    for (const { attributes } of alarms)
      assert.equal(attributes['treat_missing_data'], 'breaching');
  });
});

suite('data', () => {
  test('the database is encrypted, spread, protected and watched', () => {
    has(only(production, 'aws_db_instance'), {
      multi_az: true,
      storage_type: 'gp3',
      storage_encrypted: true,
      iam_database_authentication_enabled: true,
      manage_master_user_password: true,
      ca_cert_identifier: 'rds-ca-rsa4096-g1',
      deletion_protection: true,
      backup_retention_period: 35,
      copy_tags_to_snapshot: true,
      auto_minor_version_upgrade: true,
      publicly_accessible: false,
      monitoring_interval: 60,
      performance_insights_enabled: true,
      enabled_cloudwatch_logs_exports: ['postgresql', 'upgrade', 'iam-db-auth-error'],
    });
  });

  test('the parameters let the agent read a bounded slot, and apply when PostgreSQL can', () => {
    const group = only(production, 'aws_db_parameter_group');
    assert.equal(group['family'], 'postgres17');
    const parameters = new Map(
      (group['parameter'] as Attributes[]).map((one) => [one['name'], one] as const),
    );
    const expected: Record<string, string> = {
      'rds.iam_auth_for_replication': '1',
      'rds.force_ssl': '1',
      'rds.logical_replication': '1',
      max_slot_wal_keep_size: String(64 * 1024),
      statement_timeout: '300000',
      'pgaudit.log': 'ddl,role',
      log_connections: '1',
    };
    for (const [name, value] of Object.entries(expected))
      assert.equal(parameters.get(name)?.['value'], value, name);
    for (const name of ['rds.logical_replication', 'shared_preload_libraries'])
      assert.equal(parameters.get(name)?.['apply_method'], 'pending-reboot', name);
  });

  test('alarms tell of slots and write-ahead logs before the disk is full', () => {
    const threshold = (metric: string) =>
      production.find(({ attributes }) => attributes['metric_name'] === metric)?.attributes[
        'threshold'
      ];
    assert.equal(threshold('OldestReplicationSlotLag'), 32 * 2 ** 30);
    assert.equal(threshold('TransactionLogsDiskUsage'), 64 * 2 ** 30);
    assert.equal(threshold('FreeStorageSpace'), 40 * 2 ** 30);
  });

  test('what is deleted here stays in the off-site copy', () => {
    const [rule] = only(production, 'aws_s3_bucket_replication_configuration')[
      'rule'
    ] as Attributes[];
    has(rule, {
      status: 'Enabled',
      delete_marker_replication: { status: 'Disabled' },
      source_selection_criteria: { sse_kms_encrypted_objects: { status: 'Enabled' } },
    });
  });

  test('the file system is entered over TLS by access points alone', () => {
    const policy = String(only(staging, 'aws_efs_file_system_policy')['policy']);
    assert.match(policy, /"elasticfilesystem:AccessPointArn":"false"/);
    assert.match(policy, /"aws:SecureTransport":"false"/);
    has(only(staging, 'aws_efs_file_system'), { encrypted: true });
  });
});

suite('identity', () => {
  test('every use of break-glass is told, in the home region and from the global one', () => {
    const rules = production.filter(
      ({ stack, type }) => stack === 'identity' && type === 'aws_cloudwatch_event_rule',
    );
    assert.deepEqual(
      rules.map(({ attributes }) => attributes['region'] ?? 'home'),
      ['us-east-1', 'home'],
    );
    for (const { attributes } of rules)
      assert.match(
        String(attributes['event_pattern']),
        /role\/holdfast-production-people\/holdfast-production-break-glass/,
      );
  });

  test('CI is told apart by its exact subject and audience', () => {
    const role = production.find(({ id }) => id === 'deploy_role')?.attributes;
    const trust = JSON.parse(String(role?.['assume_role_policy'])) as { Statement: Attributes[] };
    has(trust.Statement[0], {
      Action: ['sts:AssumeRoleWithWebIdentity'],
      Condition: {
        StringEquals: {
          'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com',
          'token.actions.githubusercontent.com:sub': [
            'repo:example/crm-ground:environment:production',
          ],
        },
      },
    });
  });

  test('new volumes are encrypted and new instances ask for a token, in both regions', () => {
    const of = (kind: string) =>
      production.filter(({ type }) => type === kind).map(({ attributes }) => attributes);
    assert.equal(of('aws_ebs_encryption_by_default').length, 2);
    assert.equal(of('aws_ebs_default_kms_key').length, 2);
    for (const attributes of of('aws_ec2_instance_metadata_defaults'))
      assert.equal(attributes['http_tokens'], 'required');
    assert.deepEqual(
      of('aws_accessanalyzer_analyzer')
        .map(({ type }) => String(type))
        .toSorted(),
      ['ACCOUNT', 'ACCOUNT', 'ACCOUNT_UNUSED_ACCESS'],
    );
  });
});

suite('names that must not come twice', () => {
  const idOf = (id: string) =>
    production.concat(staging).find((one) => one.type === 'random_id' && one.id === id)?.attributes;

  test('each database that is destroyed leaves a final snapshot of another name', () => {
    const database = only(production, 'aws_db_instance');
    assert.equal(
      database['final_snapshot_identifier'],
      'holdfast-production-crm-final-${random_id.database_final-snapshot.hex}',
    );
    assert.equal(database['skip_final_snapshot'], false);
    // What Terraform replaces an instance for must be what makes the name another one.
    const keepers = idOf('database_final-snapshot')?.['keepers'] as Attributes;
    assert.deepEqual(
      [keepers['identifier'], keepers['engine'], keepers['dbName'], keepers['username']],
      ['identifier', 'engine', 'db_name', 'username'].map((name) => database[name]),
    );
    assert.equal(keepers['kmsKeyId'], database['kms_key_id']);
  });

  test('another user pool has a sign-in page of another name', () => {
    const domain = only(staging, 'aws_cognito_user_pool_domain');
    assert.match(String(domain['domain']), /-\$\{random_id\.users_domain-suffix\.hex\}$/);
    has(idOf('users_domain-suffix'), {
      keepers: { userPoolId: domain['user_pool_id'] },
      byte_length: 4,
    });
  });
});
