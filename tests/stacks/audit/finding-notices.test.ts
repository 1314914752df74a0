import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { loadEnvironment } from '../../../stacks/lib/load-environment.ts';
import { resourcesOf, synthesize, type Attributes, type StackJson } from '../support.ts';
import { matchesPattern, renderMessage } from './event-pattern.ts';
import { findingSamples, type FindingEvent } from './finding-samples.ts';

const reason = 'The security account of the organization runs it for every account.';

function rulesOf(stacks: Readonly<Record<string, StackJson>>) {
  const resources = resourcesOf({ audit: stacks['audit'] ?? assert.fail() });
  const targets = resources.filter(({ type }) => type === 'aws_cloudwatch_event_target');
  return resources
    .filter(({ type, id }) => type === 'aws_cloudwatch_event_rule' && id.startsWith('findings_'))
    .map(({ id, attributes }) => {
      const target = targets.find(
        (one) => one.attributes['rule'] === `\${aws_cloudwatch_event_rule.${id}.name}`,
      );
      return {
        id: id.replace('findings_', ''),
        pattern: JSON.parse(String(attributes['event_pattern'])) as unknown,
        target: target?.attributes ?? assert.fail(id),
      };
    });
}

const production = rulesOf(await synthesize('production'));
const offsite = production.find(({ id }) => id === 'offsite') ?? assert.fail();
const telling = production.filter((rule) => rule !== offsite);

/** The rules that an event of the off-site region or of this one sets off. */
const toldBy = (event: FindingEvent) =>
  telling.filter(({ pattern }) => matchesPattern(pattern, event));

suite('findings as EventBridge tells them', () => {
  test('have samples for every rule', () => {
    const names = new Set(telling.map(({ id }) => id.replace(/-(urgent|routine)$/, '')));
    assert.deepEqual([...names].sort(), Object.keys(findingSamples).sort());
  });

  for (const [name, { urgent, routine, quiet }] of Object.entries(findingSamples)) {
    for (const [severity, events] of [
      ['urgent', urgent],
      ['routine', routine],
    ] as const)
      test(`${name}: what is ${severity} is told once, to the right people, in words`, () => {
        for (const event of events) {
          const [rule, ...more] = toldBy(event);
          assert.equal(more.length, 0);
          assert.equal(rule?.id, `${name}-${severity}`);
          assert.equal(
            rule?.target['arn'],
            `\${aws_sns_topic.notices_audit-${severity}_topic.arn}`,
          );
          const message = messageOf(rule?.target ?? {}, event);
          assert.doesNotMatch(message, /[<>{}]|undefined|\[object/, message);
          assert.match(message, /account 111122223333, region eu-west-1, at 2026-11-27T03:14:15Z/);
          assert.ok(message.split('\n').length >= 3, message);
        }
      });
    test(`${name}: what is not worth a mail is told to nobody`, () => {
      for (const event of quiet) assert.deepEqual(toldBy(event), [], JSON.stringify(event));
    });
  }

  test('say what happened, where, and what to do', () => {
    const [event] = findingSamples['inspector']?.urgent ?? [];
    const [rule] = toldBy(event ?? {});
    assert.equal(
      messageOf(rule?.target ?? {}, event),
      [
        'Inspector, CRITICAL: CVE-2026-0001 - openssl',
        'What: arn:aws:ecr:eu-central-1:111122223333:repository/crm/sha256:0a1b',
        'Where: account 111122223333, region eu-west-1, at 2026-11-27T03:14:15Z.',
        'How to mend it: Update openssl to 3.6.1; where an image has it, build and deploy a new one.',
      ].join('\n'),
    );
  });

  test('of the off-site region come to this bus', () => {
    for (const { urgent, routine } of Object.values(findingSamples))
      for (const event of [...urgent, ...routine])
        assert.ok(matchesPattern(offsite.pattern, event));
    assert.equal(
      offsite.target['arn'],
      'arn:aws:events:eu-central-1:111122223333:event-bus/default',
    );
    assert.equal(offsite.target['provider'], 'aws.offsite');
  });

  test('of a service that the organization runs are left to it', async () => {
    const environment = await loadEnvironment('production');
    const runCentrally = [{ service: 'guardduty' as const, reason }];
    const rules = rulesOf(await synthesize({ ...environment, runCentrally }));
    assert.ok(!rules.some(({ id }) => id.startsWith('guardduty')));
    assert.doesNotMatch(JSON.stringify(rules), /aws\.guardduty/);
  });
});

function messageOf(target: Attributes, event: unknown): string {
  const { input_paths: paths, input_template: template } = target['input_transformer'] as {
    input_paths: Record<string, string>;
    input_template: string;
  };
  return renderMessage(paths, template, event);
}
