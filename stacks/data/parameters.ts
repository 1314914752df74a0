import type { DbParameterGroupParameter } from '@cdktf/provider-aws/lib/db-parameter-group/index.js';
import type { Environment } from '../../contracts/environment.ts';

/** Parameters that only a restart applies (their context in pg_settings is `postmaster`). */
const restart: Readonly<Record<string, string>> = {
  // The backup agent reads a logical slot.
  'rds.logical_replication': '1',
  shared_preload_libraries: 'pg_stat_statements,pgaudit',
};

function live(environment: Environment): Readonly<Record<string, string>> {
  const { maxSlotWalGiB, statementTimeoutSeconds } = environment.data;
  return {
    // The agent signs in by IAM, on its replication connections too.
    'rds.iam_auth_for_replication': '1',
    'rds.force_ssl': '1',
    ssl_min_protocol_version: 'TLSv1.2',
    'rds.accepted_password_auth_method': 'scram',
    password_encryption: 'scram-sha-256',
    'pgaudit.log': 'ddl,role',
    'pgaudit.role': 'rds_pgaudit',
    log_connections: '1',
    log_disconnections: '1',
    log_lock_waits: '1',
    log_statement: 'ddl',
    log_min_duration_statement: '1000',
    // In milliseconds. The backup role lifts its own (database-roles.sql).
    statement_timeout: String(statementTimeoutSeconds * 1000),
    idle_in_transaction_session_timeout: '300000',
    // In megabytes: a slot that nobody reads is given up before it fills the disk.
    max_slot_wal_keep_size: String(maxSlotWalGiB * 1024),
  };
}

/** The database's parameters: encrypted, audited, bounded, and readable by a logical slot. */
export function databaseParameters(environment: Environment): DbParameterGroupParameter[] {
  const entries = (applyMethod: string, values: Readonly<Record<string, string>>) =>
    Object.entries(values).map(([name, value]) => ({ name, value, applyMethod }));
  return [...entries('pending-reboot', restart), ...entries('immediate', live(environment))];
}
