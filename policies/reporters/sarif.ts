import { type Report, type Result, withOutcome } from '../engine/report.ts';
import type { Rule } from '../engine/rule.ts';
import { message, place } from './place.ts';

const schema =
  'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

/** For code scanning services: SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0), suppressions included. */
export function renderSarif(report: Report): string {
  const results = withOutcome(report, 'fail', 'unknown', 'suppressed');
  const rules = [...new Set(results.map(({ rule }) => rule))];
  const run = {
    tool: {
      driver: {
        name: 'holdfast-policies',
        rules: rules.map(descriptor),
      },
    },
    columnKind: 'utf16CodeUnits',
    invocations: [
      {
        executionSuccessful: report.errors.length === 0,
        toolExecutionNotifications: report.errors.map(({ rule, message: text }) => ({
          level: 'error',
          message: { text },
          descriptor: { id: rule },
        })),
      },
    ],
    results: results.map((result) => sarifResult(result, rules.indexOf(result.rule))),
  };
  return `${JSON.stringify({ $schema: schema, version: '2.1.0', runs: [run] }, undefined, 2)}\n`;
}

function descriptor(rule: Rule): object {
  return {
    id: rule.id,
    shortDescription: { text: rule.title },
    fullDescription: { text: rule.rationale },
    help: { text: rule.remediation },
    defaultConfiguration: { level: rule.severity },
    properties: {
      controls: rule.controls.map(({ framework, version, id }) =>
        [framework, version, id].filter(Boolean).join(' '),
      ),
    },
  };
}

function sarifResult(result: Result, ruleIndex: number): object {
  const { rule, outcome, severity, suppression, address } = result;
  return {
    ruleId: rule.id,
    ruleIndex,
    kind: outcome === 'unknown' ? 'open' : 'fail',
    level: outcome === 'unknown' ? 'none' : severity,
    message: { text: message(result) },
    locations: [location(result)],
    partialFingerprints: { 'ruleAndAddress/v1': `${rule.id}:${address}` },
    ...(suppression && {
      suppressions: [
        {
          kind: 'external',
          status: 'accepted',
          justification: `${suppression.reason} (${suppression.owner}, ${suppression.ticket}, until ${suppression.expires})`,
        },
      ],
    }),
  };
}

function location(result: Result): object {
  const where = place(result);
  return {
    ...(where && {
      physicalLocation: {
        artifactLocation: { uri: encodeURI(where.file.replaceAll('\\', '/')) },
        region: { startLine: where.line },
      },
    }),
    logicalLocations: [{ fullyQualifiedName: result.address, kind: 'resource' }],
  };
}
