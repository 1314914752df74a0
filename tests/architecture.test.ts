import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, test } from 'node:test';

const root = join(import.meta.dirname, '..');
const files = globSync('{backup-agent,contracts,pages,policies,stacks,rehearsal}/**/*.ts', {
  cwd: root,
});
const sources = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));

/** Local files (from the repository's root) and packages that a file imports. */
function importsOf(file: string): string[] {
  const text = sources.get(file) ?? '';
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^;]*?from\s*'([^']+)'|import\('([^']+)'\)/g,
  );
  return [...found].map(([, fixed, dynamic]) => {
    const specifier = fixed ?? dynamic ?? '';
    return specifier.startsWith('.') ? normalize(join(dirname(file), specifier)) : specifier;
  });
}

function offenders(
  where: (file: string) => boolean,
  allowed: (imported: string, file: string) => boolean,
): string[] {
  return files.filter(where).flatMap((file) =>
    importsOf(file)
      .filter((imported) => !allowed(imported, file))
      .map((imported) => `${file} imports ${imported}`),
  );
}

const within = (folder: string) => (file: string) => file.startsWith(`${folder}/`);
const isLocal = (imported: string) =>
  /^(backup-agent|contracts|pages|policies|stacks|rehearsal)\//.test(imported);

/** What each may import besides itself. */
const sharedBy: Readonly<Record<string, readonly string[]>> = {
  pages: ['contracts'],
  policies: ['contracts', 'pages'],
  'backup-agent': ['contracts', 'pages'],
};

/** They hand markup to a page that nothing escaped. */
const markupMakers = new Set([
  'pages/html.ts',
  'pages/mark.ts',
  'pages/page.ts',
  'backup-agent/report/charts/draw.ts',
]);

describe('the halves', () => {
  test('contracts import nothing local but contracts', () => {
    assert.deepEqual(
      offenders(
        within('contracts'),
        (imported) => !isLocal(imported) || within('contracts')(imported),
      ),
      [],
    );
  });
  for (const [half, shared] of Object.entries(sharedBy))
    test(`${half} imports only itself${shared.map((room) => ` and ${room}`).join('')}`, () => {
      assert.deepEqual(
        offenders(
          within(half),
          (imported) =>
            !isLocal(imported) || [half, ...shared].some((room) => within(room)(imported)),
        ),
        [],
      );
    });
  test('only what draws hands ready markup to a page', () => {
    assert.deepEqual(
      matching((file) => !markupMakers.has(file), /\btrusted\(/),
      [],
    );
  });
  test('stacks import themselves, contracts and the face of policies', () => {
    assert.deepEqual(
      offenders(
        within('stacks'),
        (imported) =>
          !isLocal(imported) ||
          within('stacks')(imported) ||
          within('contracts')(imported) ||
          imported === 'policies/face.ts',
      ),
      [],
    );
  });
});

/** Every folder of the agent with the folders below it that it may import; all may import errors. */
const below: Record<string, readonly string[]> = {
  cli: [
    'daemon',
    'operations',
    'report',
    'config',
    'repository',
    'sources',
    'drills',
    'keys',
    'tools',
  ],
  daemon: ['operations', 'report'],
  operations: ['sources', 'repository', 'drills', 'privacy', 'storage', 'stream', 'keys', 'tools'],
  drills: ['sources', 'repository', 'privacy', 'storage', 'stream', 'keys', 'tools'],
  report: ['operations', 'repository'],
  sources: ['privacy', 'stream', 'tools'],
  repository: ['sources', 'storage', 'stream', 'keys'],
  privacy: ['stream', 'keys'],
  config: [],
  storage: ['stream'],
  stream: ['keys'],
  keys: [],
  tools: [],
  errors: [],
};

function roomOf(file: string): string | undefined {
  return /^backup-agent\/([^/]+)\//.exec(file)?.[1];
}

describe('the rooms of the agent', () => {
  test('every room has its place in the order', () => {
    const rooms = new Set(files.filter(within('backup-agent')).map(roomOf));
    rooms.delete(undefined);
    assert.deepEqual(
      [...rooms].filter((room) => !(String(room) in below)),
      [],
    );
  });
  test('no room imports upward', () => {
    const bad = offenders(
      (file) => roomOf(file) !== undefined,
      (imported, file) => {
        const from = roomOf(file) ?? '';
        const to = roomOf(imported);
        return (
          to === undefined || to === from || to === 'errors' || (below[from] ?? []).includes(to)
        );
      },
    );
    assert.deepEqual(bad, []);
  });
  test('repository knows of sources only their interface', () => {
    assert.deepEqual(
      offenders(
        within('backup-agent/repository'),
        (imported) =>
          roomOf(imported) !== 'sources' || imported === 'backup-agent/sources/source.ts',
      ),
      [],
    );
  });
  test('only the command line reaches the composition root', () => {
    const importers = files.filter((file) =>
      importsOf(file).includes('backup-agent/composition.ts'),
    );
    assert.deepEqual(
      importers.filter((file) => !/^(backup-agent\/(cli|daemon)|rehearsal)\//.test(file)),
      [],
    );
  });
});

function matching(where: (file: string) => boolean, pattern: RegExp): string[] {
  return files.filter((file) => where(file) && pattern.test(sources.get(file) ?? ''));
}

describe('who may touch the process', () => {
  const agent = within('backup-agent');
  test('only config reads the environment', () => {
    assert.deepEqual(
      matching((file) => agent(file) && !within('backup-agent/config')(file), /process\.env\b/),
      [],
    );
  });
  test('only cli/render writes to stdout, which main hands down', () => {
    const elsewhere = (file: string) =>
      agent(file) && !within('backup-agent/cli/render')(file) && file !== 'backup-agent/main.ts';
    assert.deepEqual(matching(elsewhere, /process\.stdout\b|console\.\w/), []);
  });
  test('only main sets the exit code', () => {
    assert.deepEqual(
      matching((file) => agent(file) && file !== 'backup-agent/main.ts', /process\.exit(Code)?\b/),
      [],
    );
  });
  test('stream, manifests and retention read no clock', () => {
    const pure = (file: string) =>
      within('backup-agent/stream')(file) ||
      /^backup-agent\/repository\/(chain|retention|layout|backup-id)/.test(file);
    assert.deepEqual(matching(pure, /\bnew Date\(\)|Date\.now\(|from 'node:fs/), []);
  });
});

describe('libraries', () => {
  test('only stacks/lib/cdktf.ts imports cdktf', () => {
    const importers = files.filter((file) => importsOf(file).includes('cdktf'));
    assert.deepEqual(
      importers.filter((file) => file !== 'stacks/lib/cdktf.ts'),
      [],
    );
  });
  test('the AWS provider is imported by resource, never by its barrel', () => {
    const barrel = files.filter((file) =>
      importsOf(file).some((imported) => /^@cdktf\/provider-(aws|random)$/.test(imported)),
    );
    assert.deepEqual(barrel, []);
  });
  test('the agent needs no development dependency', () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const known = new Set(Object.keys(dependencies));
    const packageOf = (specifier: string) =>
      specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/');
    assert.deepEqual(
      offenders(
        (file) => ['backup-agent', 'contracts', 'pages'].some((room) => within(room)(file)),
        (imported) =>
          imported.startsWith('node:') ||
          isLocal(imported) ||
          imported === 'package.json' ||
          known.has(packageOf(imported)),
      ),
      [],
    );
  });
});
