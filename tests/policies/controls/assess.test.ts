import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ControlPart, ControlsReport } from '../../../contracts/controls-report.ts';
import { parseAttestations } from '../../../policies/controls/attestation-checks.ts';
import { stateOf } from '../../../policies/controls/assess.ts';
import { procedures } from '../../../policies/controls/control-catalogue.ts';
import { renderControls } from '../../../policies/controls/render-text.ts';
import { settingChecks, type SettingName } from '../../../policies/controls/setting-checks.ts';
import { parseSuppressions } from '../../../policies/face.ts';
import { agentConfiguration, now } from './support.ts';
import { attestationsFile, compiled, healthyInputs } from './world.ts';

const control = (report: ControlsReport, id: string) => {
  const found = report.controls.find((one) => one.id === id);
  assert.ok(found, `there is no control ${id}`);
  return found;
};
const wrong = ({ parts }: { parts: readonly ControlPart[] }) =>
  parts
    .filter(({ state }) => !['met', 'attested', 'absent'].includes(state))
    .map(({ kind, subject, state, why }) => `${kind} ${subject} ${state}: ${why.en}`);

describe('controls over a small world in which all is well', () => {
  test('hold where everything they rest on does', async () => {
    const report = await compiled(await healthyInputs());
    for (const id of ['key-management', 'restore-drills', 'incident-response', 'backup-keys']) {
      const found = control(report, id);
      assert.deepEqual(wrong(found), [], id);
      assert.ok(['met', 'attested'].includes(found.state), `${id}: ${found.state}`);
    }
    assert.equal(control(report, 'training').state, 'attested');
    assert.equal(control(report, 'vpn').state, 'absent');
    assert.deepEqual(report.problems, []);
  });

  test('a failing rule turns its controls, and says which and where', async () => {
    const report = await compiled(await healthyInputs({ rotation: false }));
    assert.equal(control(report, 'key-management').state, 'partly');
    assert.deepEqual(wrong(control(report, 'key-management')), [
      'rule kms-rotation not: fails at aws_kms_key.data (enable_key_rotation is false)',
    ]);
    const { requirements } = report.frameworks.find(({ id }) => id === 'cis-aws-6') ?? {};
    assert.equal(requirements?.find(({ id }) => id === '4.6')?.state, 'partly');
  });

  test('an accepted finding leaves the control standing, and is shown', async () => {
    const inputs = await healthyInputs({ rotation: false });
    const suppressions = parseSuppressions(
      'version: 1\nsuppressions:\n  - { rule: kms-rotation, address: aws_kms_key.data, reason: The key is imported and rotated by hand., owner: platform, ticket: T-7, expires: 2026-12-31 }\n',
    );
    const report = await compiled({ ...inputs, suppressions });
    const found = control(report, 'key-management');
    assert.equal(found.state, 'met');
    assert.match(
      found.parts.find(({ subject }) => subject === 'kms-rotation')?.why.en ?? '',
      /accepted: aws_kms_key\.data until 2026-12-31 \(platform, T-7\)/,
    );
  });

  test('old evidence makes its controls overdue', async () => {
    const report = await compiled(await healthyInputs({ drilledDaysAgo: 61 }));
    const found = control(report, 'restore-drills');
    assert.equal(found.state, 'overdue');
    assert.match(
      wrong(found).join(),
      /evidence drill overdue: crm-database: the newest passed drill is of 2026-09-28/,
    );
  });

  test('an attestation that ran out makes its controls overdue; one too long ends early', async () => {
    const old = await compiled(
      await healthyInputs({ attestedOn: '2025-10-01', due: '2026-09-30' }),
    );
    assert.equal(control(old, 'training').state, 'overdue');
    assert.deepEqual(wrong(control(old, 'training')), [
      'procedure training overdue: security attested it on 2025-10-01; it was due again by 2026-09-30',
    ]);
    const long = await compiled(
      await healthyInputs({ attestedOn: '2026-06-01', due: '2036-01-01' }),
    );
    assert.equal(control(long, 'training').state, 'attested');
    assert.match(wrong(control(long, 'access-review')).join(), /was due again by 2026-09-01/);
  });

  test('without evidence, configuration or attestations the controls say what is missing', async () => {
    const { infrastructure, suppressions } = await healthyInputs();
    const report = await compiled({ infrastructure, suppressions, evidence: [], now });
    assert.equal(control(report, 'training').state, 'not');
    assert.deepEqual(wrong(control(report, 'restore-drills')), [
      "evidence drill not: the agent's signed records were not given",
      "evidence verification not: the agent's signed records were not given",
    ]);
  });

  test('a service that the organization is said to run is no more than partly there', async () => {
    const reason = 'Run by the security account for all accounts, findings in its console.';
    const content = { runCentrally: [{ service: 'guardduty', reason }] };
    const environment = { name: 'production', content };
    const report = await compiled({ ...(await healthyInputs()), environment });
    const services = control(report, 'anomalies').parts.filter(({ kind }) => kind === 'service');
    assert.deepEqual(
      services.map(({ state, why }) => `${state}: ${why.en}`),
      [
        `partly: the organization is said to run it: ${reason}`,
        'not: no aws_macie2_account in the stacks',
      ],
    );
  });

  test('only the chosen frameworks, and the controls that they ask for', async () => {
    const report = await compiled({ ...(await healthyInputs()), frameworks: ['pipl'] });
    assert.deepEqual(
      report.frameworks.map(({ id }) => id),
      ['pipl'],
    );
    assert.ok(!report.controls.some(({ id }) => id === 'post-quantum'));
    assert.ok(report.controls.every(({ frameworks }) => Object.keys(frameworks).join() === 'pipl'));
  });

  test('the text counts each framework: mapped of all, and what is out of scope and why', async () => {
    const text = renderControls(await compiled(await healthyInputs({ rotation: false })));
    assert.match(
      text,
      /ISO\/IEC 27001:2022, Annex A\n {4}91 of 93 mapped, 2 out of scope: \d+ met/,
    );
    assert.match(text, /out of scope \(A\.5\.6, A\.5\.32\): A matter of the organization/);
    assert.match(
      text,
      / {2}partly +key-management +Keys rotate.*\n {12}rule kms-rotation: fails at/,
    );
  });
});

test('a state is that of everything beneath it', () => {
  assert.equal(stateOf([]), 'absent');
  assert.equal(stateOf(['absent', 'absent']), 'absent');
  assert.equal(stateOf(['attested', 'absent']), 'attested');
  assert.equal(stateOf(['met', 'attested']), 'met');
  assert.equal(stateOf(['met', 'overdue']), 'overdue');
  assert.equal(stateOf(['met', 'overdue', 'partly']), 'partly');
  assert.equal(stateOf(['met', 'not']), 'partly');
  assert.equal(stateOf(['overdue', 'not']), 'not');
});

test('attestations that are malformed or of no procedure become problems', () => {
  const { newest, problems } = parseAttestations(
    `version: 1
attestations:
  - { procedure: training, owner: security, date: 2026-10-01, due: 2026-09-01, link: https://example.com/ }
  - { procedure: trainnig, owner: security, date: 2026-10-01, due: 2027-09-01, link: https://example.com/ }
  - { procedure: training, owner: security, date: 2026-10-01, due: 2027-09-01, link: 'javascript:alert(1)' }
  - { procedure: training, owner: new, date: 2026-11-01, due: 2027-09-01, link: https://example.com/new }
  - { procedure: training, owner: old, date: 2025-11-01, due: 2026-09-01, link: https://example.com/old }
`,
    procedures(),
  );
  assert.equal(newest.get('training')?.owner, 'new');
  assert.deepEqual(
    problems.map(({ where, what }) => `${where}: ${what.split(';')[0]}`),
    [
      'attestation 1: due: must lie after the day on which it was done',
      'attestation 3: link: must be an http or https address',
      'attestation of trainnig: there is no such procedure',
    ],
  );
  assert.throws(() => parseAttestations('version: 2', procedures()), /not an attestations file/);
  assert.throws(() => parseAttestations('a: [', procedures()), /not|missing|flow/i);
});

describe("the agent's settings", () => {
  const judge = (name: SettingName, over: object): string =>
    settingChecks[name].check(agentConfiguration(over)).state;
  test('are good in the small world', () => {
    for (const name of Object.keys(settingChecks) as SettingName[])
      assert.equal(judge(name, {}), 'met', name);
  });
  test('each can be bad', () => {
    const { keys } = agentConfiguration();
    const keysWith = (more: object) => ({ keys: { ...keys, ...more } });
    assert.equal(judge('escrow-recipient', keysWith({ recipients: ['age1one'] })), 'not');
    assert.equal(judge('post-quantum-recipients', keysWith({ recipients: ['age1one'] })), 'not');
    const [first] = keys.trusted;
    assert.ok(first);
    const shared = [first, { ...first, role: 'drill' }];
    assert.equal(judge('pinned-signers', keysWith({ trusted: shared })), 'partly');
    assert.equal(judge('pinned-signers', keysWith({ trusted: [first] })), 'partly');
    assert.equal(judge('notifications', { notifications: undefined }), 'not');
    const repositories = {
      primary: { type: 'local', path: '/backups' },
      offsite: { type: 's3', bucket: 'crm-offsite', objectLock: 'governance' },
    };
    assert.equal(judge('object-lock', { repositories }), 'partly');
    const jobs = {
      crm: {
        source: { type: 'files', path: '/srv' },
        repository: 'primary',
        retention: { keepLast: 1 },
      },
    };
    for (const name of ['objectives', 'copies'] as const)
      assert.equal(judge(name, { jobs, groups: {} }), 'not', name);
    assert.equal(judge('retention', { jobs: {}, groups: {} }), 'not');
  });
});

test('the attestations of the small world name every procedure', () => {
  const { newest } = parseAttestations(attestationsFile(), procedures());
  assert.deepEqual([...newest.keys()].toSorted(), [...procedures().keys()].toSorted());
});
