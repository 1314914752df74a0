import { nist80053, iso27001, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { textOf } from '../../engine/value.ts';
import { when } from '../../engine/verdict.ts';

export const firewallLogging: Rule = {
  id: 'firewall-logging',
  title: 'Network firewalls log alerts and flows',
  severity: 'error',
  rationale: 'A firewall that drops in silence neither warns nor proves anything.',
  remediation: 'Add an aws_networkfirewall_logging_configuration with ALERT and FLOW.',
  controls: [...nist80053('AU-12a', 'SI-4(2)'), ...iso27001('A.8.15'), ...soc2('cc_a_1_1')],
  check: resource('aws_networkfirewall_firewall', (firewall, everything) => {
    const destinations = everything
      .referrers(firewall, 'aws_networkfirewall_logging_configuration', 'firewall_arn')
      .flatMap((logging) => logging.blocks('logging_configuration.log_destination_config'));
    const types = new Set(destinations.map((destination) => textOf(destination['log_type'])));
    const missing = ['ALERT', 'FLOW'].filter((type) => !types.has(type));
    return when(
      missing.length === 0,
      `${missing.join(' and ')} not logged`,
      'ALERT and FLOW logged',
    );
  }),
};
