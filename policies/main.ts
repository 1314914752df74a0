import { run } from './cli.ts';

// A reader that has seen enough, such as `head`, is no failure; the exit code still tells the result.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

const { code, output, errors } = await run(process.argv.slice(2), () => new Date());
process.stdout.write(output);
process.stderr.write(errors);
process.exitCode = code;
