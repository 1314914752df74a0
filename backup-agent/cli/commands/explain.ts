import { catalogue, type ErrorCode } from '../../errors/catalogue.ts';
import { exitCodes } from '../../errors/exit-codes.ts';
import { HoldfastError } from '../../errors/holdfast-error.ts';
import type { CommandModule } from '../command.ts';

export const explainCommand: CommandModule = {
  define(program, run) {
    program
      .command('explain')
      .description('explain an error code')
      .argument('<code>', 'such as identity-wrong')
      .addHelpText('after', '\nExample:\n  holdfast explain commit-log-broken')
      .action((code: string) =>
        run(async ({ output }) => {
          if (!isErrorCode(code))
            throw new HoldfastError('usage-invalid', `there is no error code ${code}`, {
              hint: `${relatedTo(code)}docs/error-codes.md lists them all`,
            });
          const { exit, meaning, hint, retrySafe } = catalogue[code];
          output.result(
            { code, exitCode: exitCodes[exit], meaning, hint, retrySafe },
            [
              `${code} (exit code ${exitCodes[exit]})`,
              meaning,
              `What to do: ${hint}.`,
              retrySafe
                ? 'Running the same command again is safe and may help.'
                : 'Running the same command again will not help by itself.',
            ].join('\n'),
          );
        }),
      );
  },
};

function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(catalogue, text);
}

/** Those that begin alike: whoever mistypes a code mistypes its end. */
function relatedTo(text: string): string {
  const [subject = ''] = text.split('-');
  const related = Object.keys(catalogue).filter((code) => code.startsWith(`${subject}-`));
  return related.length === 0 ? '' : `about ${subject} there are ${related.join(', ')}; `;
}
