import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { test } from 'node:test';
import { resolveSecret } from '../../backup-agent/config/resolve-secret.ts';
import type { SecretReference } from '../../contracts/secret.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

async function resolveIn(
  directory: string,
  reference: SecretReference,
  variables: Record<string, string> = {},
) {
  const environment = { variables, configFile: undefined, plainOutput: true };
  return resolveSecret(reference, { environment, baseDirectory: directory });
}

test('a secret comes from a variable, a file or a command', async () => {
  await using directory = await temporaryDirectory();
  await writeFile(join(directory.path, 'secret'), 'from file\n');
  const references: [SecretReference, string][] = [
    [{ env: 'TOKEN' }, 'from variable'],
    [{ file: 'secret' }, 'from file'],
    [{ command: ['printf', 'from %s', 'command'] }, 'from command'],
  ];
  for (const [reference, expected] of references) {
    const secret = await resolveIn(directory.path, reference, { TOKEN: 'from variable' });
    assert.equal(secret.reveal(), expected);
  }
});

test('a secret refuses to be printed', async () => {
  const secret = await resolveIn('.', { env: 'TOKEN' }, { TOKEN: 'hunter2' });
  assert.doesNotMatch(
    `${String(secret)} ${inspect({ secret }, { depth: 5, showHidden: true })} ${JSON.stringify({ secret })}`,
    /hunter2/,
  );
});

test('what is missing, empty or failing is named, without what the command printed', async () => {
  await using directory = await temporaryDirectory();
  const failing: SecretReference[] = [
    { env: 'MISSING' },
    { env: 'EMPTY' },
    { file: 'missing' },
    { command: ['sh', '-c', 'echo hunter2; echo hunter2 >&2; exit 3'] },
    { command: ['holdfast-no-such-program'] },
  ];
  for (const reference of failing)
    await assert.rejects(resolveIn(directory.path, reference, { EMPTY: '' }), (error: Error) => {
      assert.equal('code' in error && error.code, 'config-secret-unavailable');
      assert.doesNotMatch(inspect(error), /hunter2/);
      return true;
    });
});
