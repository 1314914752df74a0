import { nist80053 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { asList, textOf } from '../../engine/value.ts';
import { all, equals, requires, when } from '../../engine/verdict.ts';

export const firewallDropsTheRest: Rule = {
  id: 'firewall-drops-the-rest',
  title: 'Network firewalls drop what no rule allows, in the order that the rules are written',
  severity: 'error',
  rationale: 'With a default of passing, the allow list allows nothing: everything passes anyway.',
  remediation: 'Use STRICT_ORDER, forward to the stateful engine, and drop by default.',
  controls: [...nist80053('SC-7(5)')],
  check: resource('aws_networkfirewall_firewall_policy', (policy) => {
    const at = (path: string): string[] =>
      asList(policy.get(`firewall_policy.${path}`)).map(textOf);
    const forwards = [
      ...at('stateless_default_actions'),
      ...at('stateless_fragment_default_actions'),
    ].every((action) => action !== 'aws:pass');
    const drops = at('stateful_default_actions').some((action) => action.startsWith('aws:drop'));
    return all(
      requires(
        policy,
        'firewall_policy.stateful_engine_options.rule_order',
        equals('STRICT_ORDER'),
      ),
      when(forwards, 'stateless default is aws:pass', 'aws:forward_to_sfe or aws:drop'),
      when(drops, 'no dropping stateful default action', 'aws:drop_strict or aws:drop_established'),
    );
  }),
};
