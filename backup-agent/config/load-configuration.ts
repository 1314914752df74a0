import { LineCounter, isMap, isNode, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { configuration, type Configuration } from '../../contracts/configuration.ts';
import { HoldfastError, type Problem } from '../errors/holdfast-error.ts';
import { readConfigurationText, type PlaceOptions } from './configuration-text.ts';

export interface LoadedConfiguration {
  readonly file: string;
  /** Relative paths in the configuration start here. */
  readonly directory: string;
  readonly value: Configuration;
}

/**
 * Reads and validates a configuration (YAML 1.2, of which JSON is a part): a file, `ssm:<parameter>` or
 * `env:<variable>`. Throws `config-not-found`, or `config-invalid` with every problem, each with its
 * path and line.
 */
export async function loadConfiguration(
  place: string,
  options: PlaceOptions = {},
): Promise<LoadedConfiguration> {
  const { file, directory, text } = await readConfigurationText(place, options);
  return { file, directory, value: parseConfiguration(text, file) };
}

/** The same for a text at hand; `file` is for messages. */
export function parseConfiguration(text: string, file: string): Configuration {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0)
    throw invalid(
      file,
      document.errors.map((error) => ({
        where: `line ${lines.linePos(error.pos[0]).line}`,
        what: error.message,
      })),
    );
  const parsed = configuration.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.flatMap((issue) => flatten(issue));
  throw invalid(
    file,
    problems.map(({ path, message }) => describe(document, lines, path, message)),
  );
}

function invalid(file: string, problems: readonly Problem[]): HoldfastError {
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
  return new HoldfastError('config-invalid', `the configuration ${file} has ${count}`, {
    problems,
  });
}

interface FlatIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** One entry a problem: an unknown key stands at the key, a bad key says what the key should be. */
function flatten(issue: z.core.$ZodIssue): FlatIssue[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      path: [...issue.path, key],
      message: 'is not a known setting',
    }));
  if (issue.code === 'invalid_key')
    return issue.issues.map((inner) => ({ path: issue.path, message: `name ${inner.message}` }));
  return [{ path: issue.path, message: issue.message.replace(/^Invalid input: /, '') }];
}

function describe(
  document: Document,
  lines: LineCounter,
  path: readonly PropertyKey[],
  message: string,
): Problem {
  const line = lineOf(document, lines, path);
  const where = path.length === 0 ? 'the file' : path.map(String).join('.');
  const found = foundAt(document, path);
  return {
    where: line === undefined ? where : `${where} (line ${line})`,
    what:
      found === undefined || message.includes('known setting')
        ? message
        : `${message}; found ${found}`,
  };
}

/** The line of the deepest node on the path that exists, its key's line where it has one. */
function lineOf(
  document: Document,
  lines: LineCounter,
  path: readonly PropertyKey[],
): number | undefined {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const parent: unknown = document.getIn(path.slice(0, depth - 1), true);
    const key = path[depth - 1];
    const pair = isMap(parent)
      ? parent.items.find((item) => String(item.key) === String(key))
      : undefined;
    const node: unknown = pair?.key ?? document.getIn(path.slice(0, depth), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return undefined;
}

/** Somebody may have written a secret where a reference to one belongs: that is not repeated. */
const secretPlace = /password|secret|identity|signing|token/i;

function foundAt(document: Document, path: readonly PropertyKey[]): string | undefined {
  if (path.some((segment) => secretPlace.test(String(segment)))) return undefined;
  const value: unknown = document.getIn(path);
  if (value === undefined) return path.length === 0 ? undefined : 'nothing';
  if (typeof value === 'object') return undefined;
  const text = JSON.stringify(value).replace(/(:\/\/[^/@:]*):[^@]*@/, '$1:[secret]@');
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
