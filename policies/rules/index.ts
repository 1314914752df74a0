import type { Rule } from '../engine/rule.ts';
import { configRecordsEverything } from './audit/config-records-everything.ts';
import { configAggregatesAllRegions } from './audit/config-aggregates-all-regions.ts';
import { guarddutyEnabled } from './audit/guardduty-enabled.ts';
import { securityhubEnabled } from './audit/securityhub-enabled.ts';
import { inspectorEnabled } from './audit/inspector-enabled.ts';
import { macieEnabled } from './audit/macie-enabled.ts';
import { schedulerCustomerKey } from './audit/scheduler-customer-key.ts';
import { backupVaultCustomerKey } from './backup/backup-vault-customer-key.ts';
import { backupVaultLocked } from './backup/backup-vault-locked.ts';
import { backupRestoreTested } from './backup/backup-restore-tested.ts';
import { backupRepositoryLocked } from './backup/backup-repository-locked.ts';
import { backupLockCoversRetention } from './backup/backup-lock-covers-retention.ts';
import { backupOffsiteInTruth } from './backup/backup-offsite-in-truth.ts';
import { backupWriterCannotDelete } from './backup/backup-writer-cannot-delete.ts';
import { backupWriterCannotDecrypt } from './backup/backup-writer-cannot-decrypt.ts';
import { cloudtrailAllRegions } from './cloudtrail/cloudtrail-all-regions.ts';
import { cloudtrailValidated } from './cloudtrail/cloudtrail-validated.ts';
import { cloudtrailCustomerKey } from './cloudtrail/cloudtrail-customer-key.ts';
import { cloudtrailToCloudwatch } from './cloudtrail/cloudtrail-to-cloudwatch.ts';
import { cloudtrailRecords } from './cloudtrail/cloudtrail-records.ts';
import { cloudtrailAnnounces } from './cloudtrail/cloudtrail-announces.ts';
import { cloudtrailDataEvents } from './cloudtrail/cloudtrail-data-events.ts';
import { logGroupRetention } from './cloudwatch/log-group-retention.ts';
import { logGroupCustomerKey } from './cloudwatch/log-group-customer-key.ts';
import { alarmNotifies } from './cloudwatch/alarm-notifies.ts';
import { accountActivityAlarms } from './cloudwatch/account-activity-alarms.ts';
import { cognitoMfaRequired } from './cognito/cognito-mfa-required.ts';
import { cognitoThreatProtection } from './cognito/cognito-threat-protection.ts';
import { cognitoNoSelfSignUp } from './cognito/cognito-no-self-sign-up.ts';
import { cognitoPasswordLength } from './cognito/cognito-password-length.ts';
import { cognitoDeletionProtection } from './cognito/cognito-deletion-protection.ts';
import { dataClassified } from './data/data-classified.ts';
import { dataPersonalEncrypted } from './data/data-personal-encrypted.ts';
import { dataPersonalLogged } from './data/data-personal-logged.ts';
import { dataInBackupPlan } from './data/data-in-backup-plan.ts';
import { dataInAgentJob } from './data/data-in-agent-job.ts';
import { dataInDrill } from './data/data-in-drill.ts';
import { tagsComplete } from './data/tags-complete.ts';
import { ebsEncryptedByDefault } from './ec2/ebs-encrypted-by-default.ts';
import { imdsV2ByDefault } from './ec2/imds-v2-by-default.ts';
import { ecrImmutableTags } from './ecr/ecr-immutable-tags.ts';
import { ecrScansOnPush } from './ecr/ecr-scans-on-push.ts';
import { ecrCustomerKey } from './ecr/ecr-customer-key.ts';
import { ecrNamesPrincipals } from './ecr/ecr-names-principals.ts';
import { ecsContainerInsights } from './ecs/ecs-container-insights.ts';
import { ecsExecLogged } from './ecs/ecs-exec-logged.ts';
import { ecsLatestPlatform } from './ecs/ecs-latest-platform.ts';
import { ecsNoPublicIp } from './ecs/ecs-no-public-ip.ts';
import { ecsNotPrivileged } from './ecs/ecs-not-privileged.ts';
import { ecsOwnProcessNamespace } from './ecs/ecs-own-process-namespace.ts';
import { ecsReadOnlyRoot } from './ecs/ecs-read-only-root.ts';
import { ecsNoPlainSecrets } from './ecs/ecs-no-plain-secrets.ts';
import { ecsEfsInTransit } from './ecs/ecs-efs-in-transit.ts';
import { ecsSeparateRoles } from './ecs/ecs-separate-roles.ts';
import { efsEncrypted } from './efs/efs-encrypted.ts';
import { efsCustomerKey } from './efs/efs-customer-key.ts';
import { efsAccessPointRoot } from './efs/efs-access-point-root.ts';
import { efsAccessPointUser } from './efs/efs-access-point-user.ts';
import { efsTlsOnly } from './efs/efs-tls-only.ts';
import { environmentRunCentrally } from './environment/environment-run-centrally.ts';
import { environmentWeakeningsReasoned } from './environment/environment-weakenings-reasoned.ts';
import { logRetentionOfEnvironment } from './environment/log-retention-of-environment.ts';
import { firewallDeletionProtection } from './firewall/firewall-deletion-protection.ts';
import { firewallLogging } from './firewall/firewall-logging.ts';
import { firewallCustomerKey } from './firewall/firewall-customer-key.ts';
import { firewallDropsTheRest } from './firewall/firewall-drops-the-rest.ts';
import { firewallOnTheRoute } from './firewall/firewall-on-the-route.ts';
import { iamPasswordLength } from './iam/iam-password-length.ts';
import { iamPasswordCharacters } from './iam/iam-password-characters.ts';
import { iamPasswordReuse } from './iam/iam-password-reuse.ts';
import { iamPasswordExpiry } from './iam/iam-password-expiry.ts';
import { iamNoFullAdministration } from './iam/iam-no-full-administration.ts';
import { iamNoAnyAction } from './iam/iam-no-any-action.ts';
import { iamNoFullIam } from './iam/iam-no-full-iam.ts';
import { iamWritesBounded } from './iam/iam-writes-bounded.ts';
import { iamPermissionsBounded } from './iam/iam-permissions-bounded.ts';
import { iamNoDataExfiltration } from './iam/iam-no-data-exfiltration.ts';
import { iamNoCredentialExposure } from './iam/iam-no-credential-exposure.ts';
import { iamPassRoleBounded } from './iam/iam-pass-role-bounded.ts';
import { iamS3Bounded } from './iam/iam-s3-bounded.ts';
import { iamNoUserPolicies } from './iam/iam-no-user-policies.ts';
import { iamNoUsers } from './iam/iam-no-users.ts';
import { iamRoleTrustNamed } from './iam/iam-role-trust-named.ts';
import { iamOidcSubjectBound } from './iam/iam-oidc-subject-bound.ts';
import { iamRoleBoundary } from './iam/iam-role-boundary.ts';
import { iamRoleMfa } from './iam/iam-role-mfa.ts';
import { iamSessionLimit } from './iam/iam-session-limit.ts';
import { iamAccessAnalyzer } from './iam/iam-access-analyzer.ts';
import { iamNoPrivilegeEscalation } from './iam/iam-no-privilege-escalation.ts';
import { kmsRotation } from './kms/kms-rotation.ts';
import { kmsPolicyNamesPrincipals } from './kms/kms-policy-names-principals.ts';
import { kmsPolicyDefined } from './kms/kms-policy-defined.ts';
import { kmsKeyEnabled } from './kms/kms-key-enabled.ts';
import { kmsDeletionWindow } from './kms/kms-deletion-window.ts';
import { kmsSeparatedUsers } from './kms/kms-separated-users.ts';
import { lbListenerTls } from './lb/lb-listener-tls.ts';
import { lbTlsPolicy } from './lb/lb-tls-policy.ts';
import { lbDropsInvalidHeaders } from './lb/lb-drops-invalid-headers.ts';
import { lbAccessLogs } from './lb/lb-access-logs.ts';
import { lbConnectionLogs } from './lb/lb-connection-logs.ts';
import { lbDeletionProtection } from './lb/lb-deletion-protection.ts';
import { lbDesyncStrictest } from './lb/lb-desync-strictest.ts';
import { lbBehindWaf } from './lb/lb-behind-waf.ts';
import { lbCrossZone } from './lb/lb-cross-zone.ts';
import { lbSeveralZones } from './lb/lb-several-zones.ts';
import { lbTargetHealthCheck } from './lb/lb-target-health-check.ts';
import { lbTargetTls } from './lb/lb-target-tls.ts';
import { lbSignsIn } from './lb/lb-signs-in.ts';
import { networkNoInternetPathToData } from './network/network-no-internet-path-to-data.ts';
import { networkDataIsolated } from './network/network-data-isolated.ts';
import { networkDataAclClosed } from './network/network-data-acl-closed.ts';
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
import { secretCustomerKey } from './secrets/secret-customer-key.ts';
import { secretRotated } from './secrets/secret-rotated.ts';
import { secretRotationInterval } from './secrets/secret-rotation-interval.ts';
import { sgDescribed } from './sg/sg-described.ts';
import { sgNoOpenAdminPorts } from './sg/sg-no-open-admin-ports.ts';
import { sgWorldOnlyToLoadBalancers } from './sg/sg-world-only-to-load-balancers.ts';
import { sgNoOpenEgress } from './sg/sg-no-open-egress.ts';
import { sgAttached } from './sg/sg-attached.ts';
import { snsCustomerKey } from './sns/sns-customer-key.ts';
import { snsPolicyNamesPrincipals } from './sns/sns-policy-names-principals.ts';
import { vpcFlowLogs } from './vpc/vpc-flow-logs.ts';
import { vpcDefaultSecurityGroupClosed } from './vpc/vpc-default-security-group-closed.ts';
import { vpcDefaultAclClosed } from './vpc/vpc-default-acl-closed.ts';
import { vpcDefaultRouteTableEmpty } from './vpc/vpc-default-route-table-empty.ts';
import { vpcNoDefaultVpc } from './vpc/vpc-no-default-vpc.ts';
import { subnetNoPublicIp } from './vpc/subnet-no-public-ip.ts';
import { subnetHasAcl } from './vpc/subnet-has-acl.ts';
import { aclAttached } from './vpc/acl-attached.ts';
import { aclNoOpenAdminPorts } from './vpc/acl-no-open-admin-ports.ts';
import { aclNoAllPorts } from './vpc/acl-no-all-ports.ts';
import { vpcEndpointPolicy } from './vpc/vpc-endpoint-policy.ts';
import { dnsQueryLogs } from './vpc/dns-query-logs.ts';
import { dnsFirewall } from './vpc/dns-firewall.ts';
import { vpnClientTwoFactors } from './vpn/vpn-client-two-factors.ts';
import { vpnClientConnectionLog } from './vpn/vpn-client-connection-log.ts';
import { vpnClientSessionLimit } from './vpn/vpn-client-session-limit.ts';
import { vpnClientSplitTunnel } from './vpn/vpn-client-split-tunnel.ts';
import { vpnClientPerGroup } from './vpn/vpn-client-per-group.ts';
import { vpnSiteStrongEncryption } from './vpn/vpn-site-strong-encryption.ts';
import { vpnSiteLogs } from './vpn/vpn-site-logs.ts';
import { wafLogging } from './waf/waf-logging.ts';
import { wafLogRedaction } from './waf/waf-log-redaction.ts';
import { wafHasRules } from './waf/waf-has-rules.ts';
import { wafRulesAct } from './waf/waf-rules-act.ts';
import { wafManagedGroups } from './waf/waf-managed-groups.ts';
import { wafRateLimit } from './waf/waf-rate-limit.ts';
import { wafMetrics } from './waf/waf-metrics.ts';

/** Every rule, by service. */
export const rules: readonly Rule[] = [
  configRecordsEverything,
  configAggregatesAllRegions,
  guarddutyEnabled,
  securityhubEnabled,
  inspectorEnabled,
  macieEnabled,
  schedulerCustomerKey,
  backupVaultCustomerKey,
  backupVaultLocked,
  backupRestoreTested,
  backupRepositoryLocked,
  backupLockCoversRetention,
  backupOffsiteInTruth,
  backupWriterCannotDelete,
  backupWriterCannotDecrypt,
  cloudtrailAllRegions,
  cloudtrailValidated,
  cloudtrailCustomerKey,
  cloudtrailToCloudwatch,
  cloudtrailRecords,
  cloudtrailAnnounces,
  cloudtrailDataEvents,
  logGroupRetention,
  logGroupCustomerKey,
  alarmNotifies,
  accountActivityAlarms,
  cognitoMfaRequired,
  cognitoThreatProtection,
  cognitoNoSelfSignUp,
  cognitoPasswordLength,
  cognitoDeletionProtection,
  dataClassified,
  dataPersonalEncrypted,
  dataPersonalLogged,
  dataInBackupPlan,
  dataInAgentJob,
  dataInDrill,
  tagsComplete,
  ebsEncryptedByDefault,
  imdsV2ByDefault,
  ecrImmutableTags,
  ecrScansOnPush,
  ecrCustomerKey,
  ecrNamesPrincipals,
  ecsContainerInsights,
  ecsExecLogged,
  ecsLatestPlatform,
  ecsNoPublicIp,
  ecsNotPrivileged,
  ecsOwnProcessNamespace,
  ecsReadOnlyRoot,
  ecsNoPlainSecrets,
  ecsEfsInTransit,
  ecsSeparateRoles,
  efsEncrypted,
  efsCustomerKey,
  efsAccessPointRoot,
  efsAccessPointUser,
  efsTlsOnly,
  environmentRunCentrally,
  environmentWeakeningsReasoned,
  logRetentionOfEnvironment,
  firewallDeletionProtection,
  firewallLogging,
  firewallCustomerKey,
  firewallDropsTheRest,
  firewallOnTheRoute,
  iamPasswordLength,
  iamPasswordCharacters,
  iamPasswordReuse,
  iamPasswordExpiry,
  iamNoFullAdministration,
  iamNoAnyAction,
  iamNoFullIam,
  iamWritesBounded,
  iamPermissionsBounded,
  iamNoDataExfiltration,
  iamNoCredentialExposure,
  iamPassRoleBounded,
  iamS3Bounded,
  iamNoUserPolicies,
  iamNoUsers,
  iamRoleTrustNamed,
  iamOidcSubjectBound,
  iamRoleBoundary,
  iamRoleMfa,
  iamSessionLimit,
  iamAccessAnalyzer,
  iamNoPrivilegeEscalation,
  kmsRotation,
  kmsPolicyNamesPrincipals,
  kmsPolicyDefined,
  kmsKeyEnabled,
  kmsDeletionWindow,
  kmsSeparatedUsers,
  lbListenerTls,
  lbTlsPolicy,
  lbDropsInvalidHeaders,
  lbAccessLogs,
  lbConnectionLogs,
  lbDeletionProtection,
  lbDesyncStrictest,
  lbBehindWaf,
  lbCrossZone,
  lbSeveralZones,
  lbTargetHealthCheck,
  lbTargetTls,
  lbSignsIn,
  networkNoInternetPathToData,
  networkDataIsolated,
  networkDataAclClosed,
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
  secretCustomerKey,
  secretRotated,
  secretRotationInterval,
  sgDescribed,
  sgNoOpenAdminPorts,
  sgWorldOnlyToLoadBalancers,
  sgNoOpenEgress,
  sgAttached,
  snsCustomerKey,
  snsPolicyNamesPrincipals,
  vpcFlowLogs,
  vpcDefaultSecurityGroupClosed,
  vpcDefaultAclClosed,
  vpcDefaultRouteTableEmpty,
  vpcNoDefaultVpc,
  subnetNoPublicIp,
  subnetHasAcl,
  aclAttached,
  aclNoOpenAdminPorts,
  aclNoAllPorts,
  vpcEndpointPolicy,
  dnsQueryLogs,
  dnsFirewall,
  vpnClientTwoFactors,
  vpnClientConnectionLog,
  vpnClientSessionLimit,
  vpnClientSplitTunnel,
  vpnClientPerGroup,
  vpnSiteStrongEncryption,
  vpnSiteLogs,
  wafLogging,
  wafLogRedaction,
  wafHasRules,
  wafRulesAct,
  wafManagedGroups,
  wafRateLimit,
  wafMetrics,
];
