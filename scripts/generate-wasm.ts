import { writeFile } from 'node:fs/promises';
import { assemble, assembled } from './assemble-wasm.ts';

/** Assembles every WebAssembly text into the module next to it. */
for (const [text, module] of Object.entries(assembled))
  await writeFile(new URL(`../${module}`, import.meta.url), await assemble(text));
