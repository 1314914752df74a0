import type { Construct } from 'constructs';
import type { Environment } from '../../contracts/environment.ts';
import type { Siem } from '../../contracts/environment/audit.ts';
import { isRunCentrally } from '../../contracts/environment/central-services.ts';
import { classify } from '../lib/classification.ts';
import { EnvironmentStack, type Guardrails } from '../lib/environment-stack.ts';
import { ActivityAlarms } from './activity-alarms.ts';
import { Costs } from './costs.ts';
import { Detectors } from './detectors.ts';
import { ExportBucket } from './export-bucket.ts';
import { Export } from './export.ts';
import { FindingNotices } from './finding-notices.ts';
import { Isolation } from './isolation/isolation.ts';
import { Notices } from './notices.ts';
import { Patching } from './patching.ts';
import { PersonalData } from './personal-data.ts';
import { Recorder } from './recorder.ts';
import { Records } from './records.ts';
import { Trail } from './trail.ts';

/**
 * Records what happens in the account where nobody can edit it, watches it, and answers. Everything here is
 * made and changed by break-glass alone; what an organization runs centrally is left out.
 */
export class AuditStack extends EnvironmentStack {
  readonly records: Records;
  readonly notices: Notices;
  readonly trail: Trail | undefined;

  constructor(scope: Construct, environment: Environment, guardrails: Guardrails) {
    super(scope, 'audit', environment, guardrails);
    classify(this, 'confidential');
    this.records = new Records(this, 'records');
    this.notices = new Notices(this, 'notices');
    this.trail = isRunCentrally(environment, 'cloudtrail')
      ? undefined
      : new Trail(this, 'trail', this.records);
    if (this.trail)
      new ActivityAlarms(this, 'activity', {
        logGroupName: this.trail.logGroupName,
        notices: this.notices,
      });
    if (!isRunCentrally(environment, 'config')) new Recorder(this, 'recorder', this.records);
    new Detectors(this, 'detectors');
    new FindingNotices(this, 'findings', this.notices);
    if (!environment.turnedOff.includes('macie') && !isRunCentrally(environment, 'macie'))
      new PersonalData(this, 'personal-data');
    new Isolation(this, 'isolation', { records: this.records, notices: this.notices });
    new Patching(this, 'patching');
    if (!isRunCentrally(environment, 'costs')) new Costs(this, 'costs', this.notices);
    if (environment.audit.siem) this.#export(environment.audit.siem);
    this.output(
      'trail-bucket-name',
      this.records.trail.bucket.bucket,
      'Bucket of the record of every call',
    );
  }

  #export(siem: Siem): void {
    const bucket = new ExportBucket(this, 'export-bucket', {
      accessLogs: this.records.accessLogs,
      days: siem.days,
      ...(siem.type === 'bucket'
        ? {
            reader: {
              roleArn: siem.readerArn,
              accountRootArn: siem.readerArn.replace(/:role\/.*/, ':root'),
            },
          }
        : {}),
    });
    new Export(this, 'export', {
      logGroupName: this.trail?.logGroupName,
      bucket,
      destination: siem,
    });
  }
}
