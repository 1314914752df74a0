import { readdir, readFile } from 'node:fs/promises';

/**
 * When a process started, in whatever form the platform says it, or undefined when none of that id
 * runs (any more: one that ended and that nobody has waited for does not). Id and start together name a process: ids are used again.
 */
export async function processStart(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined);
    // proc(5): the name in parentheses may hold anything; the start time is field 22, state 3.
    const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields?.[0] === 'Z' ? undefined : fields?.[19];
  }
  const { execa } = await import('execa');
  const { stdout } = await execa('ps', ['-o', 'lstart=', '-p', String(pid)], { reject: false });
  return stdout.trim() === '' ? undefined : stdout.trim();
}

/** The arguments that a process was started with, as one text; empty when there is none. */
export async function processCommand(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return line.replaceAll('\0', ' ');
  }
  const { execa } = await import('execa');
  const { stdout } = await execa('ps', ['-o', 'command=', '-p', String(pid)], { reject: false });
  return stdout;
}

/** Every process that this one may see. */
export async function processIds(): Promise<number[]> {
  const { execa } = await import('execa');
  const names =
    process.platform === 'linux'
      ? await readdir('/proc')
      : (await execa('ps', ['-A', '-o', 'pid='])).stdout.split('\n');
  return names.map((name) => Number(name.trim())).filter((pid) => pid > 0);
}
