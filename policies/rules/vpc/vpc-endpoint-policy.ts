import { nist80053, iso27001 } from '../../controls/frameworks.ts';
import { eachStatement } from '../../analysis/policies.ts';
import { type Statement, isForAnybody } from '../../analysis/statements.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { textOf } from '../../engine/value.ts';
import { fail, notApplicable } from '../../engine/verdict.ts';

/** Anybody may do anything to anything, unless a condition bounds it. */
const isUnbounded = (statement: Statement): boolean =>
  statement.allows &&
  statement.conditions.length === 0 &&
  statement.resources.includes('*') &&
  statement.actions.some((action) => action === '*' || action.endsWith(':*')) &&
  isForAnybody(statement);

export const vpcEndpointPolicy: Rule = {
  id: 'vpc-endpoint-policy',
  title: 'VPC endpoints say whose resources they lead to',
  severity: 'warning',
  rationale:
    "An endpoint with the default policy also leads to an attacker's bucket, past the firewall.",
  remediation: 'Set a policy that names principals or resources of your account or organization.',
  controls: [...nist80053('AC-3', 'AC-4'), ...iso27001('A.8.20', 'A.8.21')],
  check: resource('aws_vpc_endpoint', (endpoint) => {
    if (
      ['GatewayLoadBalancer', 'Resource', 'ServiceNetwork'].includes(
        textOf(endpoint.get('vpc_endpoint_type')),
      )
    )
      return notApplicable;
    const document = endpoint.get('policy');
    return document === undefined
      ? fail('the default policy', 'a policy of its own')
      : eachStatement(document, 'bounded principals, resources or conditions', isUnbounded);
  }),
};
