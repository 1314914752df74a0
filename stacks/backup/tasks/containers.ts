import { sandboxUrl } from '../../../contracts/environment/job-checks.ts';
import { stateDirectory } from '../agent-configuration.ts';

/** The user that the images' programs run as. */
export const user = '10001:10001';

/**
 * Tasks write to one volume, a drill's database and attachments both; all else of their file system is
 * read-only. The files are what is backed up.
 */
export const volumes = { work: 'work', files: 'files' } as const;
const workPath = stateDirectory.replace(/\/[^/]*$/, '');
const databasePath = workPath;

export interface Mount {
  readonly sourceVolume: string;
  readonly containerPath: string;
  readonly readOnly?: boolean;
}

export interface ContainerConfig {
  readonly image: string;
  readonly log: { readonly group: string; readonly region: string; readonly prefix: string };
}

export interface AgentConfig extends ContainerConfig {
  /** Environment variables by the ARN of the secret that fills them. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  /** Starts once the server beside it takes connections. */
  readonly waitsForSandbox: boolean;
}

/** Seconds until a stopped task is killed: the agent leaves a clean end within it. */
const stopTimeout = 120;

/** The agent's own container. Its arguments and the job come with each start. */
export function agentContainer(config: AgentConfig) {
  return {
    ...confined(config),
    name: 'agent',
    essential: true,
    command: ['--help'],
    environment: [{ name: 'TMPDIR', value: workPath }],
    secrets: Object.entries(config.secrets).map(([name, valueFrom]) => ({ name, valueFrom })),
    mountPoints: [{ sourceVolume: volumes.work, containerPath: workPath }, ...config.mounts],
    // ECS restarts no task of this kind: the state is for people who look.
    healthCheck: health(['CMD', 'node', '--eval', 'process.kill(1, 0)']),
    ...(config.waitsForSandbox
      ? { dependsOn: [{ containerName: 'sandbox', condition: 'HEALTHY' }] }
      : {}),
  };
}

/** PostgreSQL beside a drill, on the task's own loopback: nobody else can reach it. */
export function sandboxContainer(config: ContainerConfig) {
  const { hostname, port, username } = new URL(sandboxUrl);
  return {
    ...confined(config),
    name: 'sandbox',
    essential: false,
    environment: [],
    mountPoints: [{ sourceVolume: volumes.work, containerPath: databasePath }],
    healthCheck: health(['CMD', 'pg_isready', '-h', hostname, '-p', port, '-U', username]),
  };
}

function health(command: readonly string[]) {
  return { command, interval: 10, timeout: 5, retries: 6, startPeriod: 60 };
}

/** Without root, without capabilities, with nothing of its own to write to. */
function confined({ image, log }: ContainerConfig) {
  return {
    image,
    user,
    privileged: false,
    readonlyRootFilesystem: true,
    linuxParameters: { initProcessEnabled: true, capabilities: { drop: ['ALL'] } },
    stopTimeout,
    logConfiguration: {
      logDriver: 'awslogs',
      options: {
        'awslogs-group': log.group,
        'awslogs-region': log.region,
        'awslogs-stream-prefix': log.prefix,
      },
    },
  };
}
