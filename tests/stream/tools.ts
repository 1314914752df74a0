import { spawn } from 'node:child_process';
import { buffer, text } from 'node:stream/consumers';
import { packages, type Program } from '../support/programs.ts';

/**
 * Feeds `input` to a program and resolves with what it prints. A program that is not installed fails
 * the test and names its package: compatibility with it is what the test is about.
 */
export async function run(
  program: Program,
  args: readonly string[],
  input: Uint8Array = new Uint8Array(),
): Promise<Buffer<ArrayBufferLike>> {
  const child = spawn(program, args, { stdio: 'pipe' });
  // A program that refuses its input closes it early; its exit code tells.
  child.stdin.on('error', () => undefined).end(input);
  const output = Promise.all([buffer(child.stdout), text(child.stderr)]);
  const exit = await new Promise<number | null>((resolve, reject) => {
    child.on('error', (cause) => {
      reject(new Error(`${program} is needed: install ${packages[program]}`, { cause }));
    });
    child.on('close', resolve);
  });
  const [stdout, stderr] = await output;
  if (exit !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${exit}: ${stderr}`);
  return stdout;
}
