import assert from 'node:assert/strict';
import { test } from 'node:test';
import { execa } from 'execa';
import { buildApp } from '../../stacks/build-app.ts';
import { loadEnvironment } from '../../stacks/lib/load-environment.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { environmentNames } from './support.ts';

/** A program that runs the real Terraform on synthesized stacks, offline; CI names it. */
const checker = process.env['HOLDFAST_TERRAFORM_CHECK'];

for (const name of environmentNames)
  test(
    `Terraform itself plans and applies the stacks of ${name}`,
    { skip: checker ? false : 'HOLDFAST_TERRAFORM_CHECK names no checker' },
    async () => {
      assert.ok(checker);
      await using directory = await temporaryDirectory();
      buildApp(await loadEnvironment(name), directory.path).app.synth();
      const { exitCode, all } = await execa(checker, ['--apply', directory.path], {
        all: true,
        reject: false,
      });
      assert.equal(exitCode, 0, all);
    },
  );
