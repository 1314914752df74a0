import { afsbp, cis, hipaa, pci } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { isTrue, requires } from '../../engine/verdict.ts';

export const rdsMinorUpgrades: Rule = {
  id: 'rds-minor-upgrades',
  title: 'Databases take minor upgrades by themselves',
  severity: 'warning',
  rationale: 'Minor versions carry the security fixes; who waits for a person waits too long.',
  remediation: 'Leave auto_minor_version_upgrade true and choose a maintenance window.',
  controls: [...afsbp('RDS.13'), ...cis('3.2.2'), ...hipaa('164.308(a)(5)(ii)(A)'), ...pci('6.2')],
  check: resource(['aws_db_instance', 'aws_rds_cluster_instance'], (database) =>
    requires(database, 'auto_minor_version_upgrade', isTrue, true),
  ),
};
