import { setTimeout as delay } from 'node:timers/promises';
import { isHoldfastError } from '../../../../../backup-agent/errors/holdfast-error.ts';
import { createPostgresSource } from '../../../../../backup-agent/sources/postgres/source.ts';
import { sourceConfiguration } from '../../../../fixtures/postgres/source-configuration.ts';
import { DiskRepository } from './disk-repository.ts';

/**
 * An agent in a process of its own, to be killed: takes one run of backups into a repository on disk,
 * says which steps it has done, and kills itself after the one that it was told, if any.
 */
const [url = '', repositoryFolder = '', fatalStep] = process.argv.slice(2);

const source = createPostgresSource({
  configuration: sourceConfiguration(url),
  environment: { PATH: process.env['PATH'] },
  job: 'crm',
  directory: '/',
});
const repository = await DiskRepository.open(repositoryFolder);
repository.onStep = async (step) => {
  process.stdout.write(`${step}\n`);
  if (step === fatalStep) process.kill(process.pid, 'SIGKILL');
};

// The parent counts the time of a kill from here on.
process.stdout.write('ready\n');
for (;;) {
  try {
    for await (const backup of source.backup(repository.run())) {
      await repository.onStep('yielded');
      await repository.commit(backup);
    }
    await repository.onStep('advanced');
    break;
  } catch (error) {
    // The backend of an agent that was killed before us needs a moment to notice.
    if (!isHoldfastError(error, 'slot-busy')) throw error;
    await delay(50);
  }
}
