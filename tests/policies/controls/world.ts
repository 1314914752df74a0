import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after } from 'node:test';
import { controlsReport, type ControlsReport } from '../../../contracts/controls-report.ts';
import { parseAttestations } from '../../../policies/controls/attestation-checks.ts';
import { procedures } from '../../../policies/controls/control-catalogue.ts';
import {
  compileControls,
  type ControlsInputs,
} from '../../../policies/controls/controls-report.ts';
import { noSuppressions } from '../../../policies/face.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { agentConfiguration, now, writeHealthyRecords } from './support.ts';

export interface World {
  /** Whether the one customer key rotates. */
  readonly rotation?: boolean;
  readonly drilledDaysAgo?: number;
  /** Of every attestation. */
  readonly attestedOn?: string;
  readonly due?: string;
}

/** Every procedure attested on one day. */
export function attestationsFile({
  attestedOn = '2026-11-01',
  due = '2027-01-15',
}: World = {}): string {
  const entries = [...procedures().keys()].map(
    (procedure) =>
      `  - { procedure: ${procedure}, owner: security, date: ${attestedOn}, due: ${due}, link: https://wiki.example.com/${procedure} }\n`,
  );
  return `version: 1\nattestations:\n${entries.join('')}`;
}

/** Terraform JSON with a customer key, its users apart, and what tells somebody of alarms. */
export function infrastructure({ rotation = true }: World): object {
  const account = 'arn:aws:iam::111122223333:role';
  const statement = (sid: string, role: string, actions: readonly string[]) => ({
    Sid: sid,
    Effect: 'Allow',
    Principal: { AWS: `${account}/${role}` },
    Action: actions,
    Resource: '*',
  });
  return {
    resource: {
      aws_kms_key: {
        data: {
          description: 'data',
          enable_key_rotation: rotation,
          deletion_window_in_days: 30,
          policy: JSON.stringify({
            Version: '2012-10-17',
            Statement: [
              statement('Administer', 'keys', ['kms:Create*', 'kms:Describe*', 'kms:PutKeyPolicy']),
              statement('Use', 'crm', ['kms:Decrypt', 'kms:GenerateDataKey']),
            ],
          }),
        },
      },
      aws_db_instance: {
        crm: { engine: 'postgres', manage_master_user_password: true, multi_az: true },
      },
      aws_cloudwatch_metric_alarm: {
        full: { alarm_actions: ['arn:aws:sns:eu-central-1:111122223333:operations'] },
      },
    },
  };
}

/** The inputs of a small world, as files in a directory that goes when the tests are done. */
export async function healthyInputs(
  world: World = {},
): Promise<ControlsInputs & { readonly directory: string }> {
  const directory = await temporaryDirectory();
  after(() => directory[Symbol.asyncDispose]());
  const stacks = join(directory.path, 'main.tf.json');
  const evidence = join(directory.path, 'bundle');
  await writeFile(stacks, JSON.stringify(infrastructure(world)));
  await writeHealthyRecords(evidence, world.drilledDaysAgo);
  return {
    directory: directory.path,
    infrastructure: stacks,
    suppressions: noSuppressions,
    agent: { file: 'holdfast.yaml', configuration: agentConfiguration() },
    evidence: [{ path: evidence }],
    attestations: {
      file: 'attestations.yaml',
      read: parseAttestations(attestationsFile(world), procedures()),
    },
    now,
  };
}

/** The report, which must be what the contract says. */
export async function compiled(inputs: ControlsInputs): Promise<ControlsReport> {
  const { report } = await compileControls(inputs);
  return controlsReport.parse(JSON.parse(JSON.stringify(report)));
}
