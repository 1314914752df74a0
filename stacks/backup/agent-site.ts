import type { IamRole } from '@cdktf/provider-aws/lib/iam-role/index.js';
import { Construct } from 'constructs';
import { deliverJobs, type Rendering } from './agent-configuration.ts';
import { agentSecrets } from './agent-secrets.ts';
import { agentCluster, type Cluster } from './cluster.ts';
import { imageRepositories } from './images.ts';
import { duties, type Duty } from './roles.ts';
import { Schedules } from './schedules.ts';
import type { Site } from './site.ts';
import { taskKinds, type TaskName } from './task-kinds.ts';
import { AgentTask, type FileSystemMount } from './tasks/task.ts';
import { volumeRole } from './volume-role.ts';

export interface AgentSiteConfig {
  readonly site: Site;
  readonly roles: ReadonlyMap<Duty, IamRole>;
  readonly rendering: Rendering;
  readonly files: FileSystemMount | undefined;
  readonly subnetIds: readonly string[];
  readonly securityGroupId: string;
}

/** The agent at one site: images, secrets, configuration, tasks and what starts them. */
export class AgentSite extends Construct {
  readonly cluster: Cluster;
  readonly tasks: ReadonlyMap<TaskName, AgentTask>;
  readonly schedules: Schedules;
  readonly volumeRoleArn: string | undefined;

  constructor(scope: Construct, id: string, config: AgentSiteConfig) {
    super(scope, id);
    const { site, roles, files, subnetIds, securityGroupId } = config;
    const images = imageRepositories(site);
    const secrets = agentSecrets(site);
    const cluster = agentCluster(site);
    this.cluster = cluster;
    deliverJobs(site, config.rendering);
    const names = Object.keys(taskKinds) as TaskName[];
    this.tasks = new Map(
      names
        .filter((name) => duties[taskKinds[name].duty].offsite === site.offsite)
        .map((name) => {
          const role = roles.get(taskKinds[name].duty);
          if (!role) throw new RangeError(`no role does what ${name} does`);
          return [
            name,
            new AgentTask(this, name, name, { site, cluster, images, secrets, role, files }),
          ] as const;
        }),
    );
    const needsVolumes = [...this.tasks.values()].some(({ volumeGiB }) => volumeGiB !== undefined);
    this.volumeRoleArn = needsVolumes ? volumeRole(site, cluster).arn : undefined;
    this.schedules = new Schedules(this, 'schedules', {
      site,
      cluster,
      tasks: this.tasks,
      subnetIds,
      securityGroupId,
      volumeRoleArn: this.volumeRoleArn,
    });
  }

  /** A task that this site has; a RangeError for another. */
  task(name: TaskName): AgentTask {
    const found = this.tasks.get(name);
    if (!found) throw new RangeError(`${this.node.id} has no task ${name}`);
    return found;
  }
}
