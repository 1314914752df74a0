import { readFile } from 'node:fs/promises';

/** What the Dockerfile's first stage copies from this repository, in its order. */
export async function imageSources(dockerfile: string): Promise<string[]> {
  const [first = ''] = (await readFile(dockerfile, 'utf8')).split(/^FROM (?!node:)/m);
  return [...first.matchAll(/^COPY (.+) \S+$/gm)].flatMap(([, sources = '']) => sources.split(' '));
}
