import type { Rule } from '../engine/rule.ts';
import { kmsRotation } from './kms/kms-rotation.ts';
import { kmsPolicyNamesPrincipals } from './kms/kms-policy-names-principals.ts';
import { kmsPolicyDefined } from './kms/kms-policy-defined.ts';
import { kmsKeyEnabled } from './kms/kms-key-enabled.ts';
import { kmsDeletionWindow } from './kms/kms-deletion-window.ts';
import { kmsSeparatedUsers } from './kms/kms-separated-users.ts';
import { rdsStorageEncrypted } from './rds/rds-storage-encrypted.ts';
import { rdsCustomerKey } from './rds/rds-customer-key.ts';
import { rdsNotPublic } from './rds/rds-not-public.ts';
import { rdsBackupRetention } from './rds/rds-backup-retention.ts';
import { rdsDeletionProtection } from './rds/rds-deletion-protection.ts';
import { rdsMultiAz } from './rds/rds-multi-az.ts';
import { rdsIamAuthentication } from './rds/rds-iam-authentication.ts';
import { rdsCopiesTags } from './rds/rds-copies-tags.ts';
import { rdsEnhancedMonitoring } from './rds/rds-enhanced-monitoring.ts';
import { rdsLogExports } from './rds/rds-log-exports.ts';
import { rdsMinorUpgrades } from './rds/rds-minor-upgrades.ts';
import { rdsPerformanceInsights } from './rds/rds-performance-insights.ts';
import { rdsPerformanceInsightsKey } from './rds/rds-performance-insights-key.ts';
import { rdsModernCa } from './rds/rds-modern-ca.ts';
import { rdsForcesTls } from './rds/rds-forces-tls.ts';
import { rdsQueryLogging } from './rds/rds-query-logging.ts';
import { rdsPgaudit } from './rds/rds-pgaudit.ts';
import { rdsLogConnections } from './rds/rds-log-connections.ts';
import { rdsPatchedEngine } from './rds/rds-patched-engine.ts';
import { rdsManagedMasterPassword } from './rds/rds-managed-master-password.ts';
import { rdsMasterSecretKey } from './rds/rds-master-secret-key.ts';
import { rdsSlotWalBounded } from './rds/rds-slot-wal-bounded.ts';
import { rdsSnapshotPrivate } from './rds/rds-snapshot-private.ts';
import { rdsCopiesCustomerKey } from './rds/rds-copies-customer-key.ts';
import { s3PublicAccessBlocked } from './s3/s3-public-access-blocked.ts';
import { s3CustomerKey } from './s3/s3-customer-key.ts';
import { s3Versioned } from './s3/s3-versioned.ts';
import { s3AccessLogged } from './s3/s3-access-logged.ts';
import { s3NoPublicAcl } from './s3/s3-no-public-acl.ts';
import { s3AclsDisabled } from './s3/s3-acls-disabled.ts';
import { s3TlsOnly } from './s3/s3-tls-only.ts';
import { s3PolicyNamesPrincipals } from './s3/s3-policy-names-principals.ts';
import { s3PolicyNoLockout } from './s3/s3-policy-no-lockout.ts';
import { s3Lifecycle } from './s3/s3-lifecycle.ts';
import { s3AbortsUploads } from './s3/s3-aborts-uploads.ts';
import { s3EventNotifications } from './s3/s3-event-notifications.ts';
import { s3NameDns } from './s3/s3-name-dns.ts';
import { s3ObjectsCustomerKey } from './s3/s3-objects-customer-key.ts';
import { s3NoOpenCors } from './s3/s3-no-open-cors.ts';
import { s3AccountPublicAccessBlocked } from './s3/s3-account-public-access-blocked.ts';

/** Every rule, by service. */
export const rules: readonly Rule[] = [
  kmsRotation,
  kmsPolicyNamesPrincipals,
  kmsPolicyDefined,
  kmsKeyEnabled,
  kmsDeletionWindow,
  kmsSeparatedUsers,
  rdsStorageEncrypted,
  rdsCustomerKey,
  rdsNotPublic,
  rdsBackupRetention,
  rdsDeletionProtection,
  rdsMultiAz,
  rdsIamAuthentication,
  rdsCopiesTags,
  rdsEnhancedMonitoring,
  rdsLogExports,
  rdsMinorUpgrades,
  rdsPerformanceInsights,
  rdsPerformanceInsightsKey,
  rdsModernCa,
  rdsForcesTls,
  rdsQueryLogging,
  rdsPgaudit,
  rdsLogConnections,
  rdsPatchedEngine,
  rdsManagedMasterPassword,
  rdsMasterSecretKey,
  rdsSlotWalBounded,
  rdsSnapshotPrivate,
  rdsCopiesCustomerKey,
  s3PublicAccessBlocked,
  s3CustomerKey,
  s3Versioned,
  s3AccessLogged,
  s3NoPublicAcl,
  s3AclsDisabled,
  s3TlsOnly,
  s3PolicyNamesPrincipals,
  s3PolicyNoLockout,
  s3Lifecycle,
  s3AbortsUploads,
  s3EventNotifications,
  s3NameDns,
  s3ObjectsCustomerKey,
  s3NoOpenCors,
  s3AccountPublicAccessBlocked,
];
