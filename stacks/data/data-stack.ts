import type { Construct } from 'constructs';
import type { Environment } from '../../contracts/environment.ts';
import { EnvironmentStack } from '../lib/environment-stack.ts';
import type { NetworkStack } from '../network/network-stack.ts';
import { Attachments } from './attachments.ts';
import { DatabaseAlarms } from './database-alarms.ts';
import { Database } from './database.ts';
import { FileSystem } from './file-system.ts';

/** What holds the CRM's data: the database, the attachments and, where wanted, a file system. */
export class DataStack extends EnvironmentStack {
  readonly database: Database;
  readonly attachments: Attachments;
  readonly fileSystem: FileSystem | undefined;

  constructor(scope: Construct, environment: Environment, network: NetworkStack) {
    super(scope, 'data', environment, network.guardrails);
    this.database = new Database(this, 'database', {
      subnetIds: network.data.subnetIds,
      securityGroupId: network.groups.idOf('database'),
    });
    new DatabaseAlarms(this, 'alarms', {
      identifier: this.database.identifier,
      topicArn: network.notices.arn,
    });
    this.attachments = new Attachments(this, 'attachments');
    this.fileSystem = environment.data.fileSystem
      ? new FileSystem(this, 'file-system', {
          subnetIds: network.data.subnetIds,
          securityGroupId: network.groups.idOf('file-system'),
        })
      : undefined;
    this.#outputs();
  }

  #outputs(): void {
    const { instance } = this.database;
    this.output('database-endpoint', instance.endpoint, 'Host and port of the database');
    this.output(
      'database-master-secret-arn',
      instance.masterUserSecret.get(0).secretArn,
      "Secret with the master user's password, which RDS rotates",
    );
    this.output(
      'attachments-bucket-name',
      this.attachments.bucket.bucket.bucket,
      "Bucket of the CRM's attachments",
    );
  }
}
