import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { z } from 'zod';
import {
  controlsReport,
  controlStates,
  type ControlsReport,
  type ControlState,
} from '../../contracts/controls-report.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';

/** What `policies report` wrote, to go along in a bundle. */
export interface ComplianceFile {
  /** Its place in the bundle. */
  readonly name: string;
  readonly content: Uint8Array;
  /** Of the JSON form: when it was made, and how many controls are in which state. */
  readonly summary?: ComplianceSummary;
}

export interface ComplianceSummary {
  readonly madeAt: string;
  readonly environment?: string;
  readonly controls: Readonly<Record<ControlState, number>>;
}

/**
 * Reads the compliance page (`.html`) and its JSON (`.json`). Throws `usage-invalid` for a file that
 * cannot be read, is of another kind, or is not what `policies report --json` writes.
 */
export async function readComplianceFiles(paths: readonly string[]): Promise<ComplianceFile[]> {
  return Promise.all(paths.map((path) => readComplianceFile(path)));
}

async function readComplianceFile(path: string): Promise<ComplianceFile> {
  const name = `compliance/${basename(path)}`;
  const content = await readFile(path).catch((cause: unknown) => {
    throw refused(path, 'cannot be read', cause);
  });
  switch (extname(path)) {
    case '.html':
      return { name, content };
    case '.json':
      return { name, content, summary: summaryOf(path, content) };
    default:
      throw refused(path, 'is neither .html nor .json');
  }
}

function summaryOf(path: string, content: Uint8Array): ComplianceSummary {
  let report: ControlsReport;
  try {
    report = controlsReport.parse(JSON.parse(new TextDecoder().decode(content)));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError)
      throw refused(path, 'is not a report of `policies report --json`', error);
    throw error;
  }
  const { madeAt, environment, controls } = report;
  const counts = controlStates.map(
    (state) => [state, controls.filter((control) => control.state === state).length] as const,
  );
  return {
    madeAt,
    ...(environment !== undefined && { environment }),
    controls: Object.fromEntries(counts) as Record<ControlState, number>, // one entry a state
  };
}

function refused(path: string, why: string, cause?: unknown): HoldfastError {
  return new HoldfastError('usage-invalid', `--compliance ${path} ${why}`, {
    hint: '`node policies/main.ts report … --out compliance.html --json compliance.json` writes both',
    ...(cause instanceof Error && { cause }),
  });
}
