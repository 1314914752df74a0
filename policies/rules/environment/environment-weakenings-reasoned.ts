import { nist80053, iso27001, soc2 } from '../../controls/frameworks.ts';
import { environment } from '../../../contracts/environment.ts';
import { environmentType } from '../../engine/environment.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { when } from '../../engine/verdict.ts';

export const environmentWeakeningsReasoned: Rule = {
  id: 'environment-weakenings-reasoned',
  title: 'Every setting below the secure baseline carries its reason',
  severity: 'error',
  rationale: 'A weakening that nobody explained is never taken back.',
  remediation:
    'Name the setting under weakenings in the environment file, with its reason, or remove it.',
  unsuppressible: true,
  controls: [...nist80053('CM-6a'), ...iso27001('A.5.36'), ...soc2('cc_3_2')],
  check: resource(environmentType, (file) => {
    const parsed = environment.safeParse({ ...file.values, jobs: {} });
    const [issue] = parsed.error?.issues ?? [];
    return when(
      issue === undefined,
      `${issue?.path.join('.')}: ${issue?.message}`,
      'the secure baseline, or a reason',
    );
  }),
};
