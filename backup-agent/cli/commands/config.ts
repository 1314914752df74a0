import { readFile } from 'node:fs/promises';
import { loadConfiguration } from '../../config/load-configuration.ts';
import { assertRecipientsUniform } from '../../keys/recipients.ts';
import { assertSchedulesHold } from '../../operations/schedules.ts';
import type { CommandModule } from '../command.ts';

const exampleFile = new URL('../../../docs/examples/holdfast.yaml', import.meta.url);
const schemaFile = new URL('../../../docs/configuration.schema.gen.json', import.meta.url);

export const configCommand: CommandModule = {
  define(program, run) {
    const config = program.command('config').description('check the configuration, or start one');
    config
      .command('check')
      .description('check the configuration and name every problem; touches nothing')
      .addHelpText('after', '\nExample:\n  holdfast --config holdfast.yaml config check')
      .action(() =>
        run(async ({ output, configFile, environment, now }) => {
          const { file, value } = await loadConfiguration(configFile, environment);
          assertRecipientsUniform(value.keys.recipients);
          assertSchedulesHold(value, file, now());
          const counts = {
            file,
            jobs: Object.keys(value.jobs),
            groups: Object.keys(value.groups),
            repositories: Object.keys(value.repositories),
          };
          output.result(
            counts,
            `${file} is valid: jobs ${counts.jobs.join(', ')}; repositories ${counts.repositories.join(', ')}`,
          );
        }),
      );
    config
      .command('example')
      .description('print a commented configuration to start from')
      .addHelpText('after', '\nExample:\n  holdfast config example > holdfast.yaml')
      .action(() =>
        run(async ({ output }) => {
          const text = await readFile(exampleFile, 'utf8');
          output.result({ yaml: text }, text.trimEnd());
        }),
      );
    config
      .command('schema')
      .description('print the JSON Schema of the configuration, for editors')
      .addHelpText('after', '\nExample:\n  holdfast config schema > holdfast.schema.json')
      .action(() =>
        run(async ({ output }) => {
          const text = await readFile(schemaFile, 'utf8');
          output.result(JSON.parse(text), text.trimEnd());
        }),
      );
  },
};
