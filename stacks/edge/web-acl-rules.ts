import type { Wafv2WebAclRule } from '@cdktf/provider-aws/lib/wafv2-web-acl/index.js';
import type { Environment } from '../../contracts/environment.ts';

/** A WAF statement in Terraform's own words: CDKTF types statements, which nest, as `any`. */
type WafStatement = Readonly<Record<string, unknown>>;
type Verdict = 'block' | 'managed';

interface Rule {
  readonly name: string;
  readonly verdict: Verdict;
  readonly statement: WafStatement;
}

/** The largest body that WAF sees whole behind a load balancer. */
const inspectedBytes = 8192;

function managed(name: string, counted: readonly string[] = []): Rule {
  return {
    name,
    verdict: 'managed',
    statement: {
      managed_rule_group_statement: {
        vendor_name: 'AWS',
        name: `AWSManagedRules${name}`,
        ...(name === 'BotControlRuleSet' && {
          managed_rule_group_configs: [
            { aws_managed_rules_bot_control_rule_set: { inspection_level: 'COMMON' } },
          ],
        }),
        ...(counted.length > 0 && {
          rule_action_override: counted.map((rule) => ({
            name: rule,
            action_to_use: { count: {} },
          })),
        }),
      },
    },
  };
}

function startsWith(path: string, transformations: readonly string[]): WafStatement {
  return {
    byte_match_statement: {
      search_string: path,
      positional_constraint: 'STARTS_WITH',
      field_to_match: { uri_path: {} },
      text_transformation: transformations.map((type, priority) => ({ priority, type })),
    },
  };
}

/** However it is written: `/LOGIN` and `/%6cogin` count as well. */
function signsIn(path: string): WafStatement {
  return startsWith(path.toLowerCase(), ['URL_DECODE', 'NORMALIZE_PATH', 'LOWERCASE']);
}

/** Only as it is written, for this is what opens; `/attachments/../login` is none. */
function uploads(path: string): WafStatement {
  return startsWith(path, ['NORMALIZE_PATH']);
}

function largerThan(field: WafStatement, bytes: number): WafStatement {
  return {
    size_constraint_statement: {
      comparison_operator: 'GT',
      size: bytes,
      field_to_match: field,
      text_transformation: [{ priority: 0, type: 'NONE' }],
    },
  };
}

function either(statements: readonly WafStatement[]): WafStatement {
  const [only] = statements;
  return statements.length === 1 && only ? only : { or_statement: { statement: statements } };
}

function limit(requests: number, scope?: WafStatement): WafStatement {
  return {
    rate_based_statement: {
      aggregate_key_type: 'IP',
      evaluation_window_sec: 300,
      limit: requests,
      ...(scope && { scope_down_statement: scope }),
    },
  };
}

function block(name: string, statement: WafStatement): Rule {
  return { name, verdict: 'block', statement };
}

/** In the order of their cost: what is cheap to refuse goes first. */
function ordered({ edge }: Environment): Rule[] {
  const largeBody = largerThan({ body: { oversize_handling: 'MATCH' } }, inspectedBytes);
  const upload = either(edge.uploadPaths.map(uploads));
  return [
    ...(edge.countries.length > 0
      ? [
          block('Countries', {
            not_statement: {
              statement: [{ geo_match_statement: { country_codes: edge.countries } }],
            },
          }),
        ]
      : []),
    block('LoginRate', limit(edge.loginRateLimit, either(edge.loginPaths.map(signsIn)))),
    block('Rate', limit(edge.rateLimit)),
    block('LongPath', largerThan({ uri_path: {} }, 2048)),
    block('LongQuery', largerThan({ query_string: {} }, 4096)),
    block(
      'LargeBody',
      edge.uploadPaths.length > 0
        ? {
            and_statement: {
              statement: [largeBody, { not_statement: { statement: [upload] } }],
            },
          }
        : largeBody,
    ),
    managed('AmazonIpReputationList'),
    managed('AnonymousIpList'),
    managed('KnownBadInputsRuleSet'),
    // Bodies have a rule of their own above, which knows where attachments go.
    managed('CommonRuleSet', ['SizeRestrictions_BODY']),
    managed('SQLiRuleSet'),
    ...(edge.botControl ? [managed('BotControlRuleSet')] : []),
  ];
}

/** The web ACL's rules, each with its metric. */
export function webAclRules(environment: Environment): Wafv2WebAclRule[] {
  return ordered(environment).map(({ name, verdict, statement }, index) => ({
    name,
    priority: (index + 1) * 10,
    statement,
    ...(verdict === 'block' ? { action: { block: {} } } : { overrideAction: { none: {} } }),
    visibilityConfig: {
      cloudwatchMetricsEnabled: true,
      sampledRequestsEnabled: true,
      metricName: name,
    },
  }));
}
