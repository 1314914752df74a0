import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { loadEnvironment } from '../../stacks/lib/load-environment.ts';
import { environmentNames, resourcesOf, synthesize, type Attributes } from './support.ts';

const fixture = join(import.meta.dirname, 'logical-ids.json');
const locked = JSON.parse(await readFile(fixture, 'utf8')) as Record<string, string[]>;

const tagNames = ['DataClassification', 'Environment', 'Name', 'Owner', 'Project'];

for (const name of environmentNames)
  suite(`the stacks of ${name}`, async () => {
    const stacks = await synthesize(name);
    const resources = resourcesOf(stacks);
    const environment = await loadEnvironment(name);

    test('keep their logical ids: a changed one destroys what it named', () => {
      const ids = resources.map(({ stack, type, id }) => `${stack}/${type}.${id}`).sort();
      assert.deepEqual(ids, locked[name]);
    });

    test('tag every resource that carries tags with all five', () => {
      const tagged = resources.filter(({ attributes }) => attributes['tags'] !== undefined);
      assert.ok(tagged.length > resources.length / 3);
      for (const { type, id, attributes } of tagged) {
        const tags = attributes['tags'] as Record<string, string>;
        const own = Object.keys(tags).filter((tag) => tag !== 'BackupJob');
        assert.deepEqual(own.sort(), tagNames, `${type}.${id}`);
        assert.equal(tags['Environment'], name);
      }
    });

    test('run only with the credentials of their own account', () => {
      for (const json of Object.values(stacks))
        for (const provider of json.provider['aws'] ?? [])
          assert.deepEqual(provider['allowed_account_ids'], [environment.account]);
    });

    test('describe every output of their own', () => {
      for (const json of Object.values(stacks))
        for (const [id, output] of Object.entries(json.output ?? {}))
          if (!id.startsWith('cross-stack-output-')) assert.ok(output.description, id);
    });

    test('keep their state where the environment says, locked by S3 itself', () => {
      for (const [stack, json] of Object.entries(stacks)) {
        const local = environment.state === 'local' || stack === 'bootstrap';
        assert.deepEqual(Object.keys(json.terraform.backend), [local ? 'local' : 's3']);
        if (!local) assert.equal(json.terraform.backend['s3']?.['use_lockfile'], true);
      }
    });

    test('refuse to destroy what holds data, unless the environment lifts it', () => {
      const holders = resources.filter(({ type }) =>
        [
          'aws_db_instance',
          'aws_s3_bucket',
          'aws_kms_key',
          'aws_efs_file_system',
          'aws_backup_vault',
        ].includes(type),
      );
      assert.ok(holders.length > 5);
      for (const { id, attributes } of holders)
        assert.equal(
          (attributes['lifecycle'] as Attributes)['prevent_destroy'],
          environment.data.preventDestroy,
          id,
        );
    });

    test('use names and descriptions that AWS accepts', () => {
      const longest: Record<string, [string, number]> = {
        aws_lb: ['name', 32],
        aws_lb_target_group: ['name', 32],
        aws_s3_bucket: ['bucket', 63],
        aws_iam_role: ['name', 64],
        aws_db_instance: ['identifier', 63],
      };
      // EC2 takes neither apostrophes nor quotes in what describes a group or its rules.
      const plain = /^[A-Za-z0-9. _\-:/()#,@[\]+=&;{}!$*]{1,255}$/;
      for (const { type, id, attributes } of resources) {
        const [attribute, limit] = longest[type] ?? ['', 0];
        if (attribute) assert.ok(String(attributes[attribute]).length <= limit, id);
        if (/security_group/.test(type) && type !== 'aws_default_security_group')
          assert.match(String(attributes['description']), plain, id);
      }
    });

    test('give no two resources of a type the same name', () => {
      const named: Record<string, string> = {
        aws_kms_alias: 'name',
        aws_iam_role: 'name',
        aws_iam_policy: 'name',
        aws_s3_bucket: 'bucket',
        aws_sns_topic: 'name',
        aws_security_group: 'name',
        aws_cloudwatch_log_group: 'name',
        aws_cloudwatch_metric_alarm: 'alarm_name',
      };
      for (const [type, attribute] of Object.entries(named)) {
        const names = resources
          .filter((resource) => resource.type === type)
          .map(({ attributes }) => attributes[attribute]);
        assert.deepEqual(names, [...new Set(names)], type);
      }
    });

    test('fit each network ACL into its twenty rules a direction', () => {
      const counts = new Map<string, number>();
      for (const { type, attributes } of resources)
        if (type === 'aws_network_acl_rule') {
          const acl = `${String(attributes['network_acl_id'])} ${String(attributes['egress'])}`;
          counts.set(acl, (counts.get(acl) ?? 0) + 1);
        }
      assert.ok(counts.size > 10);
      for (const [acl, count] of counts) assert.ok(count <= 20, `${acl}: ${count}`);
    });

    test('give IAM no policy longer than it takes', () => {
      const limits: Record<string, number> = {
        aws_iam_policy: 6144,
        aws_iam_role_policy: 10_240,
        aws_s3_bucket_policy: 20_480,
        aws_kms_key: 32_768,
      };
      for (const { type, id, attributes } of resources) {
        const limit = limits[type];
        if (limit) assert.ok(String(attributes['policy']).length <= limit, id);
      }
    });

    test('bound every role, and let only services, CI and people with a second factor take one', () => {
      for (const { type, id, attributes } of resources) {
        if (type !== 'aws_iam_role') continue;
        assert.ok(attributes['permissions_boundary'], `${id} has no boundary`);
        const trust = JSON.parse(String(attributes['assume_role_policy'])) as {
          Statement: { Principal: Attributes; Condition: Record<string, Attributes> }[];
        };
        for (const { Principal, Condition } of trust.Statement) {
          if ('AWS' in Principal)
            assert.equal(Condition['Bool']?.['aws:MultiFactorAuthPresent'], 'true', id);
          if ('Federated' in Principal) assert.ok(Condition['StringEquals'], id);
          if ('Service' in Principal)
            assert.equal(Condition['StringEquals']?.['aws:SourceAccount'], environment.account, id);
        }
      }
    });
  });
