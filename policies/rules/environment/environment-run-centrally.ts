import { nist80053, iso27001 } from '../../controls/frameworks.ts';
import { centralServicesOf } from '../../analysis/guards.ts';
import { environmentType } from '../../engine/environment.ts';
import { resource, type Rule } from '../../engine/rule.ts';
import { when } from '../../engine/verdict.ts';

export const environmentRunCentrally: Rule = {
  id: 'environment-run-centrally',
  title: 'The account runs its own recorders and detectors',
  severity: 'note',
  rationale:
    'What the organization is trusted to run is seen by no check of this account; the report must name it.',
  remediation:
    "Ask the organization for evidence that the service covers this account and both regions; or remove the entry from the environment's runCentrally.",
  controls: [...nist80053('CA-7'), ...iso27001('A.5.36')],
  check: resource(environmentType, (file) => {
    const central = centralServicesOf(file).map(
      ({ service, reason }) => `the organization runs ${service}: ${reason}`,
    );
    return when(central.length === 0, central.join('; '), 'run by this account');
  }),
};
