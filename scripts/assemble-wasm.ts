import { readFile } from 'node:fs/promises';
import wabt from 'wabt';

/** Each assembly text with the module that carries what is assembled from it. */
export const assembled = {
  'backup-agent/sources/postgres/digests/murmur3-rows.wat':
    'backup-agent/sources/postgres/digests/murmur3-rows-wasm.gen.ts',
} as const;

/** The TypeScript module for one assembly text: its WebAssembly in base64. */
export async function assemble(file: string): Promise<string> {
  const toolkit = await wabt();
  const text = await readFile(new URL(`../${file}`, import.meta.url), 'utf8');
  const module = toolkit.parseWat(file, text, { simd: true, bulk_memory: true });
  const { buffer } = module.toBinary({});
  module.destroy();
  const lines =
    Buffer.from(buffer)
      .toString('base64')
      .match(/.{1,90}/g) ?? [];
  const name = file.slice(file.lastIndexOf('/') + 1);
  return [
    `/** Assembled from ${name} by \`npm run wasm\`. */`,
    'export const wasmBase64 =',
    `${lines.map((line) => `  '${line}'`).join(' +\n')};`,
    '',
  ].join('\n');
}
