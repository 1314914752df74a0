import { parse } from 'yaml';
import { z } from 'zod';
import { duration } from '../../contracts/units.ts';
import type { Graph } from '../engine/graph.ts';
import { environmentType } from '../engine/environment.ts';
import type { Resource } from '../engine/resource.ts';
import { isObject, referencesIn, textOf, type Value } from '../engine/value.ts';

/** A backup job as the stacks render it for the agent. */
export interface JobFacts {
  readonly name: string;
  /** The resource that carries the agent's configuration. */
  readonly declared: Resource;
  readonly source: Value;
  readonly repositories: readonly Value[];
  /** How long a backup is kept for sure, and how old a chain may grow. */
  readonly keepMs: number;
  readonly chainMs: number;
  readonly drilled: boolean;
  /** Jobs whose content a drill of this one checks too. */
  readonly drills: readonly string[];
  /** Every repository demands a lock on what it is given. */
  readonly locked: boolean;
}

/** Where stacks may put the agent's configuration. */
const carriers: Readonly<Record<string, string>> = {
  aws_ssm_parameter: 'value',
  aws_s3_object: 'content',
  aws_secretsmanager_secret_version: 'secret_string',
};

const dayMs = 86_400_000;
const defaultChainMs = 7 * dayMs;
const duringMs = z.union([duration, z.number()]).catch(0);
const agentConfiguration = z.looseObject({
  repositories: z.record(
    z.string(),
    z.looseObject({ bucket: z.string().optional(), objectLock: z.string().optional() }),
  ),
  jobs: z.record(
    z.string(),
    z.looseObject({
      source: z.json(),
      repository: z.string(),
      copies: z.array(z.string()).default([]),
      schedules: z.looseObject({ drill: z.string().optional() }).default({}),
      maxChainAge: duringMs.optional(),
      retention: z.looseObject({
        keepWithin: duringMs.optional(),
        minimumAge: duringMs.optional(),
        keepDaily: z.number().optional(),
      }),
      drill: z
        .looseObject({ attachments: z.looseObject({ job: z.string() }).optional() })
        .optional(),
    }),
  ),
});
type AgentConfiguration = z.infer<typeof agentConfiguration>;

const cached = new WeakMap<Graph, readonly JobFacts[]>();

/** The jobs of every agent configuration in the graph. */
export function jobs(graph: Graph): readonly JobFacts[] {
  const known = cached.get(graph) ?? [
    ...graph.of(...Object.keys(carriers)).flatMap(jobsIn),
    ...graph.of(environmentType).flatMap(jobsOfEnvironment),
  ];
  cached.set(graph, known);
  return known;
}

/** The buckets that jobs write to, as the configuration names them. */
export function repositoryNames(graph: Graph): readonly string[] {
  return [...new Set(jobs(graph).flatMap(({ repositories }) => repositories.map(textOf)))];
}

/** Whether the job backs up the store: its source mentions it, or the store is tagged with the job. */
export function backsUp(graph: Graph, job: JobFacts, store: Resource): boolean {
  const names = [store.get('bucket'), store.get('identifier'), store.get('cluster_identifier')]
    .map(textOf)
    .filter((name) => name.length > 3);
  const source = JSON.stringify(job.source);
  return (
    referencesIn(job.source).some(({ address }) => address === store.address) ||
    names.some((name) => source.includes(name)) ||
    graph.referents(job.source, store.type).includes(store) ||
    store.tags['BackupJob'] === job.name
  );
}

function jobsIn(carrier: Resource): JobFacts[] {
  const text = textOf(carrier.get(carriers[carrier.type] ?? ''));
  if (!text.includes('repositories') || !text.includes('jobs')) return [];
  const parsed = agentConfiguration.safeParse(readYaml(text));
  return parsed.success
    ? Object.entries(parsed.data.jobs).map(([name, job]) => facts(name, job, parsed.data, carrier))
    : [];
}

/** The environment file names jobs too; their repositories are made by the stacks. */
function jobsOfEnvironment(environment: Resource): JobFacts[] {
  const written = environment.values['jobs'];
  if (!isObject(written) || Object.keys(written).length === 0) return [];
  const parsed = agentConfiguration.safeParse({ repositories: {}, jobs: written });
  return parsed.success
    ? Object.entries(parsed.data.jobs).map(([name, job]) =>
        facts(name, job, parsed.data, environment),
      )
    : [];
}

function facts(
  name: string,
  job: AgentConfiguration['jobs'][string],
  file: AgentConfiguration,
  declared: Resource,
): JobFacts {
  const used = [job.repository, ...job.copies]
    .map((id) => file.repositories[id])
    .filter((repository) => repository !== undefined);
  const { keepWithin = 0, minimumAge = 0, keepDaily = 0 } = job.retention;
  return {
    name,
    declared,
    source: job.source,
    repositories: used.map(({ bucket }) => bucket).filter((bucket) => bucket !== undefined),
    keepMs: Math.max(keepWithin, minimumAge, keepDaily * dayMs),
    chainMs: job.maxChainAge ?? defaultChainMs,
    drilled: job.schedules.drill !== undefined && job.drill !== undefined,
    drills: job.drill?.attachments ? [job.drill.attachments.job] : [],
    locked: used.every(({ objectLock }) => objectLock !== undefined),
  };
}

function readYaml(text: string): unknown {
  try {
    const value = parse(text) as unknown;
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
