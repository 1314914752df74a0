import { nist80053 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { textOf } from '../../engine/value.ts';
import { notApplicable, when } from '../../engine/verdict.ts';

const signIn = new Set(['authenticate-oidc', 'authenticate-cognito']);

export const lbSignsIn: Rule = {
  id: 'lb-signs-in',
  title: 'Users sign in at the door before a request reaches the application',
  severity: 'error',
  rationale:
    "Without it the application's every flaw is open to anybody who can reach its address.",
  remediation:
    'Put authenticate-oidc or authenticate-cognito before forward in every HTTPS listener and rule.',
  controls: [...nist80053('AC-3')],
  check: resource(['aws_lb_listener', 'aws_lb_listener_rule', 'aws_alb_listener'], (listener) => {
    if (listener.type !== 'aws_lb_listener_rule' && listener.get('protocol') !== 'HTTPS')
      return notApplicable;
    const types = [...listener.blocks('default_action'), ...listener.blocks('action')].map(
      (action) => textOf(action['type']),
    );
    if (!types.includes('forward')) return notApplicable;
    return when(
      types.some((type) => signIn.has(type)),
      `actions are ${types.join(', ')}`,
      'an authenticating action before forward',
    );
  }),
};
