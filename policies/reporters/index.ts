import type { Report } from '../engine/report.ts';
import { renderGithub } from './github.ts';
import { renderJson } from './json.ts';
import { renderJunit } from './junit.ts';
import { renderSarif } from './sarif.ts';
import { renderText } from './text.ts';

/** Every output format of `policies check`: a pure function from report to text. */
export const reporters = {
  text: renderText,
  json: renderJson,
  sarif: renderSarif,
  junit: renderJunit,
  github: renderGithub,
} as const satisfies Record<string, (report: Report) => string>;

export type Format = keyof typeof reporters;
