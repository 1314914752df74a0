import { signerRoles, type SignerRole } from '../../contracts/commit.ts';
import { isHoldfastError } from '../errors/holdfast-error.ts';
import { endOfPeriod } from '../keys/trust.ts';
import { assertRecipientsUniform } from '../keys/recipients.ts';
import { refuseForeignContent } from '../repository/repository.ts';
import { findDumpProgram } from '../sources/postgres/dump/dump-program.ts';
import type { Finding, Progress } from '../sources/source.ts';
import type { Storage } from '../storage/storage.ts';
import {
  findClientTool,
  findServerBinaries,
  type BinarySearch,
} from '../tools/postgres-binaries.ts';
import type { Agent } from './agent.ts';

const warnBeforeEndMs = 14 * 86_400_000;

export interface CheckedFinding extends Finding {
  /** Which check found it. */
  readonly check: string;
}

/** What the machine has of what the agent and a recovery by hand need; changes nothing. */
export async function checkMachine(
  search: BinarySearch,
  nodeVersion: string,
): Promise<CheckedFinding[]> {
  const findings = await Promise.all([
    finding('Node', async () => nodeVersion),
    finding('PostgreSQL server, for drills', async () => {
      const { majorVersion, folder } = await findServerBinaries(search);
      return `version ${majorVersion} in ${folder}`;
    }),
    finding('pg_dump, for backups', async () => {
      const { path, majorVersion } = await findDumpProgram(search, 0);
      return path === undefined
        ? `none is installed: the bundled one of version ${majorVersion} is used`
        : `version ${majorVersion} at ${path}`;
    }),
    finding('psql, for recovery by hand', async () => {
      const tool = await findClientTool('psql', search);
      return `version ${tool.majorVersion} at ${tool.path}`;
    }),
    ...['age', 'zstd', 'openssl'].map((program) => byHandTool(program)),
  ]);
  return findings;
}

/** Only a recovery without Holdfast needs these, so their absence is a warning. */
async function byHandTool(program: string): Promise<CheckedFinding> {
  const check = `${program}, for recovery by hand`;
  const { execa } = await import('execa');
  try {
    await execa(program, [program === 'openssl' ? 'version' : '--version'], {
      stdin: 'ignore',
      timeout: 10_000,
    });
    return { check, severity: 'info', where: program, what: 'found' };
  } catch {
    return {
      check,
      severity: 'warning',
      where: program,
      what: 'not on this machine',
      fix: `install it, for example: apt-get install ${program}`,
    };
  }
}

/** What a configuration needs: keys, repositories, and sources that answer. */
export async function checkInstallation(
  agent: Agent,
  progress: Progress,
): Promise<CheckedFinding[]> {
  const { keys, repositories, jobs } = agent.configuration;
  const findings: CheckedFinding[] = [
    await finding(
      'recipients',
      async () => `all of kind ${assertRecipientsUniform(keys.recipients)}`,
    ),
    escrowFinding(keys.recipients.length),
    await finding('metadata identity', async () => {
      await agent.recipients();
      return 'readable';
    }),
    ...(await signingFindings(agent)),
    await finding('state directory', async () => {
      await agent.seenCommits.assertUsable();
      return `${agent.configuration.stateDirectory}: can be written`;
    }),
  ];
  for (const name of Object.keys(repositories)) findings.push(await repositoryFinding(agent, name));
  for (const name of Object.keys(jobs)) {
    progress.step(`ask the source of ${name}`);
    findings.push(...(await sourceFindings(agent, name, progress)));
  }
  return findings;
}

/** The writer's key, and those of other roles that this host may sign for. */
async function signingFindings(agent: Agent): Promise<CheckedFinding[]> {
  const roles = signerRoles.filter(
    (role) => role === 'writer' || agent.configuration.keys.signing[role],
  );
  return await Promise.all(roles.map((role) => signingFinding(agent, role)));
}

async function signingFinding(agent: Agent, role: SignerRole): Promise<CheckedFinding> {
  const check = `${role} key`;
  try {
    const { keyId } = await agent.signingKey(role);
    const end = endOfPeriod(agent.configuration.keys.trusted, role, keyId);
    const leftMs = end === undefined ? Infinity : Date.parse(end) - agent.now().getTime();
    const readable = {
      check,
      severity: 'info',
      where: check,
      what: 'readable, and pinned',
    } as const;
    return leftMs > warnBeforeEndMs
      ? readable
      : {
          ...readable,
          severity: 'warning',
          what: `is pinned only until ${end}; from then on nothing is signed with it`,
          fix: 'make a new one: docs/operations/keys.md, on rotating a signing key',
        };
  } catch (error) {
    return failure(check, error);
  }
}

function escrowFinding(recipients: number): CheckedFinding {
  const check = 'escrow recipient';
  return recipients > 1
    ? { check, severity: 'info', where: 'keys.recipients', what: `${recipients} recipients` }
    : {
        check,
        severity: 'warning',
        where: 'keys.recipients',
        what: 'only one identity opens the backups; if it is lost, they are lost',
        fix: 'holdfast keygen <safe place> --only escrow, and add its recipient',
      };
}

async function repositoryFinding(agent: Agent, name: string): Promise<CheckedFinding> {
  const check = `repository ${name}`;
  try {
    const storage = await agent.repositoryStorage(name);
    const what = await repositoryState(agent, name, storage);
    return { check, severity: 'info', where: storage.location, what };
  } catch (error) {
    return failure(check, error);
  }
}

/** What is there, and whether it may be written as far as that can be told without a trace. */
async function repositoryState(agent: Agent, name: string, storage: Storage): Promise<string> {
  const { type, readOnly } = agent.configuration.repositories[name] ?? {};
  const isThere = await opens(agent, name, storage, readOnly ?? false);
  if (readOnly) return 'opens; it is configured for reading only';
  await storage.assertWritable({ signal: agent.signal });
  const found = isThere ? 'opens' : 'new: the first backup or copy makes it';
  return type === 'local' ? found : `${found}; whether it may be written was not tried`;
}

async function opens(agent: Agent, name: string, storage: Storage, readOnly: boolean) {
  try {
    await agent.openRepository(name);
    return true;
  } catch (error) {
    if (readOnly || !isHoldfastError(error, 'repository-not-found')) throw error;
    // The listing tells besides that a bucket is missing.
    await refuseForeignContent(storage, agent.signal);
    await agent.seenCommits.assertNeverSeen({ name, location: storage.location });
    return false;
  }
}

async function sourceFindings(
  agent: Agent,
  job: string,
  progress: Progress,
): Promise<CheckedFinding[]> {
  const check = `source of ${job}`;
  const { signal, log, now } = agent;
  try {
    const source = await agent.source(job);
    const { findings } = await source.preflight({ signal, log, now, progress });
    const told = findings.map((found) => ({ check, ...found }));
    if (told.some(({ severity }) => severity === 'error')) return told;
    return [{ check, severity: 'info', where: source.kind, what: 'answers' }, ...told];
  } catch (error) {
    return [failure(check, error)];
  }
}

async function finding(check: string, look: () => Promise<string>): Promise<CheckedFinding> {
  try {
    return { check, severity: 'info', where: check, what: await look() };
  } catch (error) {
    return failure(check, error);
  }
}

function failure(check: string, error: unknown): CheckedFinding {
  const what = error instanceof Error ? error.message : String(error);
  return {
    check,
    severity: 'error',
    where: check,
    what,
    ...(isHoldfastError(error) ? { fix: error.hint } : {}),
  };
}
