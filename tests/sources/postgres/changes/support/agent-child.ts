import { setTimeout as delay } from 'node:timers/promises';
import { isHoldfastError } from '../../../../../backup-agent/errors/holdfast-error.ts';
import { TestChain } from './chain.ts';
import { DiskRepository } from './disk-repository.ts';
import { TestServer } from './test-server.ts';

/**
 * An agent in a process of its own, to be killed: takes one run of incrementals into a repository on
 * disk, and kills itself after the step that it was told, if any.
 */
const [folder = '', database = '', repositoryFolder = '', fatalStep] = process.argv.slice(2);

const chain = new TestChain(TestServer.at(folder), database);
const repository = await DiskRepository.open(repositoryFolder);
chain.repository = repository;
repository.onStep = async (step) => {
  if (step === fatalStep) process.kill(process.pid, 'SIGKILL');
};

for (;;) {
  try {
    const reason = await chain.incremental();
    if (reason !== undefined) throw new Error(reason);
    break;
  } catch (error) {
    // The backend of an agent that was killed before us needs a moment to notice.
    if (!isHoldfastError(error, 'slot-busy')) throw error;
    await delay(50);
  }
}
