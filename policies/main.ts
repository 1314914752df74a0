import { run } from './cli.ts';

const { code, output, errors } = await run(process.argv.slice(2), () => new Date());
process.stdout.write(output);
process.stderr.write(errors);
process.exitCode = code;
