import { SsmAssociation } from '@cdktf/provider-aws/lib/ssm-association/index.js';
import { SsmDefaultPatchBaseline } from '@cdktf/provider-aws/lib/ssm-default-patch-baseline/index.js';
import { SsmMaintenanceWindowTarget } from '@cdktf/provider-aws/lib/ssm-maintenance-window-target/index.js';
import { SsmMaintenanceWindowTask } from '@cdktf/provider-aws/lib/ssm-maintenance-window-task/index.js';
import { SsmMaintenanceWindow } from '@cdktf/provider-aws/lib/ssm-maintenance-window/index.js';
import { SsmPatchBaseline } from '@cdktf/provider-aws/lib/ssm-patch-baseline/index.js';
import { Construct } from 'constructs';
import { stackOf } from '../lib/environment-stack.ts';

/** What counts as a security patch, in the words of each kind of system. */
const systems = {
  AMAZON_LINUX_2023: { CLASSIFICATION: ['Security'], SEVERITY: ['Critical', 'Important'] },
  UBUNTU: { PRIORITY: ['Required', 'Important', 'Standard', 'Optional', 'Extra'] },
  DEBIAN: { PRIORITY: ['Required', 'Important', 'Standard', 'Optional', 'Extra'] },
  WINDOWS: {
    CLASSIFICATION: ['CriticalUpdates', 'SecurityUpdates'],
    MSRC_SEVERITY: ['Critical', 'Important'],
  },
} as const;

/**
 * Patches any instance of the environment: looks every day, installs in a weekly window what was published
 * some days before. The stacks run none; whoever starts one with their tags has it patched.
 */
export class Patching extends Construct {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const stack = stackOf(this);
    const { project, environment, audit } = stack.environment;
    for (const [system, filters] of Object.entries(systems)) this.#baseline(system, filters);
    const targets = [
      { key: 'tag:Project', values: [project] },
      { key: 'tag:Environment', values: [environment] },
    ];
    new SsmAssociation(this, 'look', {
      associationName: stack.named('audit-patch-scan'),
      name: 'AWS-RunPatchBaseline',
      parameters: { Operation: 'Scan' },
      scheduleExpression: 'rate(1 day)',
      complianceSeverity: 'HIGH',
      targets,
    });
    const window = new SsmMaintenanceWindow(this, 'window', {
      name: stack.named('audit-patching'),
      description: 'Installs patches',
      schedule: audit.patching.schedule,
      scheduleTimezone: audit.patching.timeZone,
      duration: 3,
      cutoff: 1,
      allowUnassociatedTargets: false,
    });
    const instances = new SsmMaintenanceWindowTarget(this, 'instances', {
      windowId: window.id,
      name: stack.named('audit-patching'),
      description: 'Every instance of the environment',
      resourceType: 'INSTANCE',
      targets,
    });
    new SsmMaintenanceWindowTask(this, 'install', {
      windowId: window.id,
      name: stack.named('audit-patching'),
      description: 'Installs patches and restarts where they ask for it',
      taskType: 'RUN_COMMAND',
      taskArn: stack.arn('ssm', 'document/AWS-RunPatchBaseline', { account: '' }),
      priority: 1,
      // Half of them at a time: those that share a load never all restart at once.
      maxConcurrency: '50%',
      maxErrors: '1',
      targets: [{ key: 'WindowTargetIds', values: [instances.id] }],
      taskInvocationParameters: {
        runCommandParameters: {
          timeoutSeconds: 3600,
          parameter: [
            { name: 'Operation', values: ['Install'] },
            { name: 'RebootOption', values: ['RebootIfNeeded'] },
          ],
        },
      },
    });
  }

  #baseline(system: string, filters: Readonly<Record<string, readonly string[]>>): void {
    const stack = stackOf(this);
    const name = system.toLowerCase().replaceAll('_', '-');
    const baseline = new SsmPatchBaseline(this, name, {
      name: stack.named(`audit-${name}`),
      description: `Security patches of ${name}`,
      operatingSystem: system,
      approvedPatchesComplianceLevel: 'HIGH',
      approvalRule: [
        {
          approveAfterDays: stack.environment.audit.patching.approveAfterDays,
          complianceLevel: 'CRITICAL',
          patchFilter: Object.entries(filters).map(([key, values]) => ({
            key,
            values: [...values],
          })),
        },
      ],
    });
    new SsmDefaultPatchBaseline(this, `${name}-default`, {
      baselineId: baseline.id,
      operatingSystem: system,
    });
  }
}
