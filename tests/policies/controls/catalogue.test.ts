import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, test } from 'node:test';
import { controlCatalogue, procedures } from '../../../policies/controls/control-catalogue.ts';
import { frameworkLists } from '../../../policies/controls/framework-lists.ts';
import { translatedRules } from '../../../policies/controls/rule-titles.ts';
import { rules } from '../../../policies/rules/index.ts';

const themes = controlCatalogue();
const controls = themes.flatMap((theme) => theme.controls);
const lists = frameworkLists();

/** Topics that software cannot meet, and why it can only remind of them. */
const forPeopleAlone: Readonly<Record<string, string>> = {
  'privacy-notice': 'somebody must write it for those who read it',
  consent: 'people give it to people, in the CRM and beside it',
  'breach-notification': 'somebody must decide what was breached, and tell',
  training: 'people learn',
  personnel: 'people come and go',
  vendors: 'contracts are read by people',
  'external-audit': 'outsiders come from outside',
};

/** The themes that an auditor asks about, each with its topics. */
const agreed: Readonly<Record<string, readonly string[]>> = {
  encryption: ['encryption-in-transit', 'encryption-at-rest', 'key-management', 'post-quantum'],
  access: ['access-control', 'roles', 'least-privilege', 'mfa', 'sso', 'sessions'],
  continuity: ['backup', 'offsite', 'restore-tests', 'disaster-plan', 'availability'],
  network: ['segmentation', 'ids-ips', 'waf', 'vpn'],
  data: ['minimization', 'classification', 'anonymization', 'life-cycle', 'erasure'],
  transparency: ['processing-records', 'privacy-notice', 'consent', 'governance'],
  monitoring: ['logging', 'monitoring', 'siem', 'anomalies'],
  incidents: ['incident-response', 'breach-notification', 'rehearsals'],
  training: ['training', 'personnel'],
  'supply-chain': ['sbom', 'provenance', 'vendors'],
  vulnerabilities: ['scanning', 'patching', 'hardening'],
  assessment: ['internal-audit', 'external-audit'],
  physical: ['physical', 'devices'],
};

describe('the catalogue of controls', () => {
  test('has the themes and topics that were agreed, each with a control', () => {
    assert.deepEqual(
      Object.fromEntries(themes.map(({ id, topics }) => [id, [...topics.keys()]])),
      agreed,
    );
    for (const theme of themes)
      assert.deepEqual(
        new Set(theme.controls.flatMap(({ topics }) => topics)),
        new Set(theme.topics.keys()),
        theme.id,
      );
  });

  test('meets every topic by a machine, wherever a machine can', () => {
    const byMachine = controls.filter(
      ({ rules, whereUsed, evidence, settings, services, inherited }) =>
        rules.length + whereUsed.length + evidence.length + settings.length > 0 ||
        Object.keys(services).length > 0 ||
        inherited !== undefined,
    );
    const met = new Set(byMachine.flatMap(({ topics }) => topics));
    const all = new Set(themes.flatMap(({ topics }) => [...topics.keys()]));
    assert.deepEqual([...all.difference(met)].toSorted(), Object.keys(forPeopleAlone).toSorted());
  });

  test('names every control once', () => {
    const ids = controls.map(({ id }) => id);
    assert.deepEqual(ids, [...new Set(ids)]);
  });

  test('names rules that exist, and every rule', () => {
    assert.deepEqual(
      new Set(controls.flatMap(({ rules, whereUsed }) => [...rules, ...whereUsed])),
      new Set(rules.map(({ id }) => id)),
    );
  });

  test('has a Chinese title for every rule, and for no other', () => {
    assert.deepEqual(translatedRules.toSorted(), rules.map(({ id }) => id).toSorted());
  });

  test('names procedures that exist, and every procedure; each has its page', () => {
    const known = procedures();
    assert.deepEqual(
      new Set(controls.flatMap((control) => control.procedures)),
      new Set(known.keys()),
    );
    for (const [id, { template }] of known) assert.ok(existsSync(template), `${id}: ${template}`);
  });

  test('names services that the provider has', () => {
    for (const type of controls.flatMap(({ services }) => Object.keys(services))) {
      const folder = type.replace(/^aws_/, '').replaceAll('_', '-');
      assert.ok(existsSync(`node_modules/@cdktf/provider-aws/lib/${folder}`), type);
    }
  });
});

describe('frameworks', () => {
  const named = (framework: string): Set<string> =>
    new Set(controls.flatMap(({ frameworks }) => frameworks[framework] ?? []));

  test('are the twelve that were asked for', () => {
    assert.equal(lists.length, 12);
    const used = new Set(controls.flatMap(({ frameworks }) => Object.keys(frameworks)));
    assert.deepEqual(used, new Set(lists.map(({ id }) => id)));
  });

  for (const { id, requirements, outOfScope } of lists) {
    const all = new Set(requirements.keys());
    test(`${id}: what controls name exists`, () => {
      assert.deepEqual([...named(id).difference(all)], []);
    });
    test(`${id}: every requirement is mapped, or out of scope with a reason, and never both`, () => {
      const outside = new Set(outOfScope.keys());
      assert.deepEqual([...outside.difference(all)], []);
      assert.deepEqual([...named(id).intersection(outside)], []);
      assert.deepEqual([...all.difference(named(id)).difference(outside)], []);
    });
  }

  /** As their texts number them: a requirement lost or made up shows. */
  const sizes: Readonly<Record<string, number>> = {
    'iso-27001-2022': 93,
    soc2: 61,
    'nist-csf-2': 106,
    'nist-800-53-5': 299,
    'cis-aws-5': 63,
    'cis-aws-6': 63,
    'pci-dss-4': 63,
    hipaa: 66,
    gdpr: 99,
    ccpa: 45,
    'mlps-3': 71,
    pipl: 74,
  };
  test('have as many requirements as their texts', () => {
    assert.deepEqual(
      Object.fromEntries(lists.map(({ id, requirements }) => [id, requirements.size])),
      sizes,
    );
  });
});
