import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Node } from 'constructs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Makes every element carry the lines that created it, so that a finding names the source. CDKTF asks its
 * tree for them, but since version 10 of `constructs` none are kept unless each call says so. Paths are
 * relative to the repository: the same sources synthesize to the same bytes wherever they lie.
 */
export function recordSourceLines(): void {
  // oxlint-disable-next-line typescript/unbound-method -- called below with the node it belongs to
  const { addMetadata } = Node.prototype;
  Node.prototype.addMetadata = function add(type, data, options) {
    const given = type === 'stacktrace' ? { ...options, stackTraceOverride: callers() } : options;
    addMetadata.call(this, type, data, given);
  };
}

/** Frames of our own files, innermost first: `stacks/data/database.ts:42:5`. */
function callers(): string[] {
  const { stackTraceLimit } = Error;
  // A construct of a construct of the provider: its own frames come first.
  Error.stackTraceLimit = 30;
  const { stack = '' } = new Error('where am I');
  Error.stackTraceLimit = stackTraceLimit;
  return stack.split('\n').flatMap((line) => {
    const [, file, place] = /(file:\/\/\/.*?)(:\d+:\d+)\)?$/.exec(line) ?? [];
    if (file === undefined || place === undefined || file === import.meta.url) return [];
    const path = relative(root, fileURLToPath(file)).split(sep).join('/');
    return path.startsWith('stacks/') ? [`${path}${place}`] : [];
  });
}
