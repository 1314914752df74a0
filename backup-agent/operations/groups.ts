import { HoldfastError } from '../errors/holdfast-error.ts';
import type { Agent } from './agent.ts';

/** A group's jobs in their order, or the one job of that name. Throws `job-unknown`. */
export function jobsToRun(agent: Agent, name: string): readonly string[] {
  const { groups, jobs } = agent.configuration;
  if (groups[name]) return groups[name];
  if (jobs[name]) return [name];
  const known = [...Object.keys(groups), ...Object.keys(jobs)].join(', ') || 'none';
  throw new HoldfastError('job-unknown', `there is no job or group ${name} (there are: ${known})`);
}
