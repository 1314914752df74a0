import type { Configuration } from '../../../contracts/configuration.ts';
import { EvidenceError, readEvidenceFiles } from './evidence-files.ts';
import { readJobRecords, type JobRecords } from './job-records.ts';

/** Where signed records lie; the name of the repository where the path is a bare one. */
export interface EvidencePlace {
  readonly path: string;
  readonly repository?: string;
}

/** The agent's configuration, and its file for messages. */
export interface AgentFile {
  readonly file: string;
  readonly configuration: Configuration;
}

/**
 * Reads and checks signed records; undefined when no place is given. Without the agent's configuration
 * nothing says whose signature counts.
 *
 * @throws {EvidenceError} when a place holds no evidence, or that of a repository which the
 *   configuration does not name
 */
export async function readRecords(
  places: readonly EvidencePlace[],
  agent: AgentFile | undefined,
): Promise<readonly JobRecords[] | undefined> {
  if (places.length === 0) return undefined;
  if (!agent)
    throw new EvidenceError(
      "evidence needs the agent's configuration, which pins whose signatures count (--agent)",
    );
  const { keys, repositories } = agent.configuration;
  const files = await Promise.all(
    places.map(({ path, repository }) => readEvidenceFiles(path, repository)),
  );
  return files.flat().map((one) => {
    if (!(one.repository in repositories))
      throw new EvidenceError(
        `${one.repository} is no repository of ${agent.file} (there are: ${Object.keys(repositories).join(', ')}); say which it is: --evidence <name>=<path>`,
      );
    return readJobRecords(one, keys.trusted);
  });
}
