import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { unzipSync } from 'fflate';

/** The signed documents of one job in one repository, by what they are. */
export interface JobFiles {
  readonly repository: string;
  readonly job: string;
  /** By number. */
  readonly commits: ReadonlyMap<number, Uint8Array>;
  /** Records of drills, by id. */
  readonly evidence: ReadonlyMap<string, Uint8Array>;
}

/** A path that holds no repository, or cannot be read. */
export class EvidenceError extends Error {
  override readonly name = 'EvidenceError';
}

/** Documents are small; what is larger is none. The repository format allows 64 MiB. */
const largestDocument = 64 * 1024 * 1024;

const document =
  /^(?:(.+)\/)?jobs\/([a-z][a-z0-9-]*)\/(?:commits\/(\d{10})|drills\/(\d{8}T\d{6}Z-[0-9a-f]{6}))\.json$/;

/**
 * The signed documents below a path: a local repository, a folder of repositories, or a bundle of
 * `holdfast evidence bundle`, packed or unpacked. Nothing is judged yet.
 *
 * @param name - of the repository, where the path is one; the folder's without it
 * @throws {EvidenceError} when there is none
 */
export async function readEvidenceFiles(path: string, name?: string): Promise<JobFiles[]> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new EvidenceError(`${path} does not exist`);
  const files = found.isDirectory() ? await folderFiles(path) : await zipFiles(path);
  const jobs = groupFiles(files, name ?? basename(resolve(path)));
  if (jobs.length === 0)
    throw new EvidenceError(
      `${path} holds no signed documents: name a repository, or a bundle of \`holdfast evidence bundle\``,
    );
  return jobs;
}

type Files = ReadonlyMap<string, Uint8Array>;

async function folderFiles(path: string): Promise<Files> {
  const names = (await readdir(path, { recursive: true })).map((name) =>
    name.replaceAll('\\', '/'),
  );
  const wanted = names.filter((name) => document.test(name)).toSorted();
  const files = new Map<string, Uint8Array>();
  for (const name of wanted) {
    const { size } = await stat(join(path, name));
    if (size <= largestDocument) files.set(name, await readFile(join(path, name)));
  }
  return files;
}

async function zipFiles(path: string): Promise<Files> {
  try {
    const unpacked = unzipSync(await readFile(path), {
      filter: ({ name, originalSize }) => document.test(name) && originalSize <= largestDocument,
    });
    return new Map(Object.entries(unpacked).toSorted(([one], [other]) => (one < other ? -1 : 1)));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new EvidenceError(`${path} is neither a folder nor a zip file: ${why}`, { cause: error });
  }
}

function groupFiles(files: Files, nameOfAll: string): JobFiles[] {
  const entries = [...files].flatMap(([name, bytes]) => {
    const [, repository = nameOfAll, job = '', commit, drill] = document.exec(name) ?? [];
    return job === '' ? [] : [{ repository, job, commit, drill, bytes }];
  });
  const groups = Map.groupBy(entries, ({ repository, job }) => `${repository}\n${job}`);
  return [...groups.values()].flatMap((members) => {
    const [first] = members;
    if (!first) return [];
    return [
      {
        repository: first.repository,
        job: first.job,
        commits: new Map(
          members.flatMap(({ commit, bytes }) =>
            commit === undefined ? [] : [[Number(commit), bytes] as const],
          ),
        ),
        evidence: new Map(
          members.flatMap(({ drill, bytes }) =>
            drill === undefined ? [] : [[drill, bytes] as const],
          ),
        ),
      },
    ];
  });
}
