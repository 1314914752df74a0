import {
  EcsTaskDefinition,
  type EcsTaskDefinitionVolume,
} from '@cdktf/provider-aws/lib/ecs-task-definition/index.js';
import type { IamRole } from '@cdktf/provider-aws/lib/iam-role/index.js';
import { Construct } from 'constructs';
import { ephemeralLimitGiB } from '../../../contracts/environment/backup-section.ts';
import { stackOf } from '../../lib/environment-stack.ts';
import { workloadRole } from '../../lib/workload-role.ts';
import { filesPath } from '../agent-configuration.ts';
import type { AgentSecrets } from '../agent-secrets.ts';
import type { Cluster } from '../cluster.ts';
import type { ImageName, Images } from '../images.ts';
import { starterName } from '../roles.ts';
import type { Site } from '../site.ts';
import { secretVariables, taskKinds, type TaskKind, type TaskName } from '../task-kinds.ts';
import { agentContainer, sandboxContainer, volumes } from './containers.ts';
import { starterRights } from './starter.ts';

/** What Fargate gives every task without being asked. */
const smallestStorageGiB = 21;

export interface FileSystemMount {
  readonly fileSystemId: string;
  readonly accessPointId: string;
}

export interface AgentTaskConfig {
  readonly site: Site;
  readonly cluster: Cluster;
  readonly images: Images;
  readonly secrets: AgentSecrets;
  /** What the task itself may do. */
  readonly role: IamRole;
  /** The shared file system, where the environment has one. */
  readonly files: FileSystemMount | undefined;
}

/** The definition of one kind of task, and the role that starts it. */
export class AgentTask extends Construct {
  readonly definition: EcsTaskDefinition;
  readonly roleArns: readonly string[];
  /** Size of the volume that every start must bring along; undefined where Fargate's own is enough. */
  readonly volumeGiB: number | undefined;
  readonly #name: TaskName;
  readonly #kind: TaskKind;
  readonly #config: AgentTaskConfig;

  constructor(scope: Construct, id: string, name: TaskName, config: AgentTaskConfig) {
    super(scope, id);
    this.#name = name;
    this.#kind = taskKinds[name];
    this.#config = config;
    const stack = stackOf(this);
    const { backup } = stack.environment;
    const { site, role } = config;
    const { cpu, memoryGiB } =
      this.#kind.sandbox || this.#kind.restores ? backup.drill.size : backup.task;
    const storageGiB = this.#storageGiB(backup.drill.storageGiB);
    this.volumeGiB = storageGiB > ephemeralLimitGiB ? storageGiB : undefined;
    const starter = this.#starter();
    this.roleArns = [role.arn, starter.arn];
    this.definition = new EcsTaskDefinition(this, 'definition', {
      ...site.on,
      family: stack.named(`agent-${name}`),
      requiresCompatibilities: ['FARGATE'],
      networkMode: 'awsvpc',
      runtimePlatform: { operatingSystemFamily: 'LINUX', cpuArchitecture: 'X86_64' },
      cpu: String(cpu),
      memory: String(memoryGiB * 1024),
      taskRoleArn: role.arn,
      executionRoleArn: starter.arn,
      ...(this.volumeGiB === undefined ? { ephemeralStorage: { sizeInGib: storageGiB } } : {}),
      volume: this.#volumes(),
      containerDefinitions: JSON.stringify(this.#containers()),
    });
  }

  #storageGiB(drillGiB: number): number {
    if (this.#kind.sandbox) return drillGiB;
    // A person starts it, and needs no volume to bring along: the database lies on a server elsewhere.
    return this.#kind.restores ? Math.min(drillGiB, ephemeralLimitGiB) : smallestStorageGiB;
  }

  get #mountsFiles(): boolean {
    return Boolean(this.#kind.readsSources && this.#config.files);
  }

  #starter(): IamRole {
    const { site, cluster, images } = this.#config;
    const wanted: ImageName[] = this.#kind.sandbox ? ['agent', 'drill-sandbox'] : ['agent'];
    return workloadRole(this, 'start', {
      ...site.roleHome,
      name: starterName(this.#kind.duty),
      description: `Starts the agent's ${this.#name} tasks`,
      service: 'ecs-tasks.amazonaws.com',
      rights: starterRights(
        site,
        cluster,
        wanted.map((image) => images[image].arn),
        this.#kind.secrets.map((secret) => this.#secret(secret)),
      ),
    }).role;
  }

  #secret(name: TaskKind['secrets'][number]) {
    const found = this.#config.secrets.get(name);
    if (!found) throw new RangeError(`site ${this.#config.site.node.id} has no secret ${name}`);
    return found;
  }

  #volumes(): EcsTaskDefinitionVolume[] {
    const { files } = this.#config;
    return [
      { name: volumes.work, ...(this.volumeGiB === undefined ? {} : { configureAtLaunch: true }) },
      ...(this.#mountsFiles && files
        ? [
            {
              name: volumes.files,
              efsVolumeConfiguration: {
                fileSystemId: files.fileSystemId,
                transitEncryption: 'ENABLED',
                authorizationConfig: { accessPointId: files.accessPointId, iam: 'ENABLED' },
              },
            },
          ]
        : []),
    ];
  }

  #containers(): readonly object[] {
    const { site, cluster, images } = this.#config;
    const { backup } = stackOf(this).environment;
    const log = { group: cluster.logGroupName, region: site.region, prefix: this.#name };
    const agent = agentContainer({
      image: `${images.agent.repositoryUrl}:${backup.imageTag}`,
      log,
      secrets: Object.fromEntries(
        this.#kind.secrets.map((name) => [secretVariables[name], this.#secret(name).arn]),
      ),
      mounts: this.#mountsFiles
        ? [{ sourceVolume: volumes.files, containerPath: filesPath, readOnly: true }]
        : [],
      waitsForSandbox: this.#kind.sandbox ?? false,
    });
    if (!this.#kind.sandbox) return [agent];
    const image = `${images['drill-sandbox'].repositoryUrl}:${backup.sandboxImageTag}`;
    return [agent, sandboxContainer({ image, log })];
  }
}
