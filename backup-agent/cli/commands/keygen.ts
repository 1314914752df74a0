import { Option } from 'commander';
import { stringify } from 'yaml';
import {
  generateKeys,
  keyNames,
  keysConfiguration,
  type GeneratedKey,
  type KeyName,
} from '../../operations/generate-keys.ts';
import type { CommandModule } from '../command.ts';

export const keygenCommand: CommandModule = {
  define(program, run) {
    program
      .command('keygen')
      .description('make the keys of a new installation, each in a file of its own')
      .argument('<directory>', 'where the key files go; existing ones are never overwritten')
      .addOption(
        new Option('--only <name...>', 'make only these')
          .choices(keyNames)
          .default(keyNames, 'all'),
      )
      .option('--post-quantum', 'identities that withstand a quantum computer (age 1.3 reads them)')
      .addHelpText(
        'after',
        `
recovery and escrow open backups: take them off this machine, to two safe places.
metadata, writer, drill and curator stay with the agent; they open no content.

Examples:
  holdfast keygen keys
  holdfast keygen /media/usb --only escrow`,
      )
      .action((directory: string, options: { only: readonly KeyName[]; postQuantum?: boolean }) =>
        run(async ({ output, now }) => {
          const keys = await generateKeys({
            directory,
            names: options.only,
            postQuantum: options.postQuantum ?? false,
            now,
          });
          output.result(keys, `${renderFiles(keys)}\n\n${renderConfiguration(keys, now())}`);
          output.info(advice(keys));
        }),
      );
  },
};

function renderFiles(keys: readonly GeneratedKey[]): string {
  return keys.map(({ name, file }) => `${name.padEnd(10)}${file}`).join('\n');
}

/** The configuration's `keys` part for these keys, ready to be pasted. */
function renderConfiguration(keys: readonly GeneratedKey[], now: Date): string {
  return stringify({ keys: keysConfiguration(keys, now) }, { lineWidth: 0 }).trimEnd();
}

function advice(keys: readonly GeneratedKey[]): string {
  const onPaper = keys.flatMap(({ file, sheetFile }) => (sheetFile ? [{ file, sheetFile }] : []));
  if (onPaper.length === 0) return '';
  const move = onPaper.map(({ file }) => file).join(' and ');
  const print = onPaper.map(({ sheetFile }) => sheetFile).join(' and ');
  return `\nWithout one of these identities no backup can ever be opened.\n  print, then delete: ${print}\n  move off this machine: ${move}`;
}
