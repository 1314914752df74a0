import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// Compiling what the stacks import takes a quarter of a synthesis; only what is imported later is cached.
enableCompileCache(join(import.meta.dirname, '../node_modules/.cache/holdfast'));
await import('./synthesize.ts');
