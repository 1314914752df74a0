import { forecastStorage, type StorageForecast } from '../../operations/forecast.ts';
import { jobsToRun } from '../../operations/groups.ts';
import type { CommandModule } from '../command.ts';
import { renderForecast } from '../render/forecast.ts';
import { withAgent } from '../with-agent.ts';

export const forecastCommand: CommandModule = {
  define(program, run) {
    program
      .command('forecast')
      .description('tell what Object Lock holds, or would hold, before it is set')
      .argument('<job>', 'job or group of the configuration')
      .option('--from <repository>', "another repository than the job's own, such as a copy")
      .addHelpText('after', '\nExample:\n  holdfast forecast crm --from offsite')
      .action((name: string, options: { from?: string }) =>
        run((context) =>
          withAgent(context, async (agent) => {
            const forecasts: StorageForecast[] = [];
            for (const job of jobsToRun(agent, name))
              forecasts.push(await forecastStorage(agent, job, options.from));
            context.output.result(forecasts, forecasts.map(renderForecast).join('\n'));
          }),
        ),
      );
  },
};
