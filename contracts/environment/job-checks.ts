import type { EnvironmentShape } from '../environment.ts';
import type { Problem } from './cross-checks.ts';

/** What the backup stack makes, by the names that jobs use. */
export const vaultNames = { repository: 'vault', copy: 'offsite' } as const;

/** Words that stand in a source for what the data stack makes; the stacks fill them in. */
export const places = ['database', 'attachments', 'files'] as const;
export type Place = (typeof places)[number];
const placeholder = /\$\{([^}]*)\}/g;

/** The PostgreSQL beside a drill's task, which nobody else reaches. */
export const sandboxUrl = 'postgres://holdfast@127.0.0.1:5432/drill';

/** The words between `${` and `}` of a text. */
export function placeholdersIn(text: string): string[] {
  return [...text.matchAll(placeholder)].map(([, word = '']) => word);
}

/** What a job of an environment must be, beyond what every job must. */
export function* jobProblems(file: EnvironmentShape): Generator<Problem> {
  for (const name of Object.keys(file.jobs)) {
    yield* repositoryProblems(file, name);
    yield* sourceProblems(file, name);
    yield* drillProblems(file, name);
  }
}

function* repositoryProblems({ jobs }: EnvironmentShape, name: string): Generator<Problem> {
  const { repository, copies = [], schedules = {} } = jobs[name] ?? {};
  const path = ['jobs', name];
  if (repository !== vaultNames.repository)
    yield { path: [...path, 'repository'], message: `must be \`${vaultNames.repository}\`` };
  for (const [index, copy] of copies.entries())
    if (copy !== vaultNames.copy)
      yield { path: [...path, 'copies', index], message: `must be \`${vaultNames.copy}\`` };
  if (schedules.copy && copies.length === 0)
    yield { path: [...path, 'schedules', 'copy'], message: 'needs `copies: [offsite]`' };
  if (schedules.drill && copies.length === 0)
    yield {
      path: [...path, 'schedules', 'drill'],
      message: 'needs `copies: [offsite]`: drills run there',
    };
}

function* sourceProblems({ jobs, data }: EnvironmentShape, name: string): Generator<Problem> {
  const source = jobs[name]?.source;
  const path = ['jobs', name, 'source'];
  for (const word of placeholdersIn(JSON.stringify(source))) {
    if (!places.includes(word as Place))
      yield { path, message: `names \${${word}}; there are: ${places.join(', ')}` };
    if (word === 'files' && !data.fileSystem)
      yield { path, message: 'names ${files}, and data.fileSystem is false' };
  }
}

function* drillProblems({ jobs }: EnvironmentShape, name: string): Generator<Problem> {
  const { drill, schedules = {} } = jobs[name] ?? {};
  const path = ['jobs', name, 'drill'];
  if (schedules.drill && !drill)
    yield { path: ['jobs', name, 'schedules', 'drill'], message: 'needs `drill`' };
  if (!drill) return;
  const { sandbox, attachments } = drill;
  if (sandbox.type !== 'dsn' || sandbox.url !== sandboxUrl)
    yield {
      path: [...path, 'sandbox'],
      message: `must be { type: dsn, url: '${sandboxUrl}' }: the server beside the task`,
    };
  if (attachments && !(attachments.job in jobs))
    yield {
      path: [...path, 'attachments', 'job'],
      message: `names job \`${attachments.job}\`, which does not exist`,
    };
}
