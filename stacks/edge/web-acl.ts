import { Wafv2WebAclAssociation } from '@cdktf/provider-aws/lib/wafv2-web-acl-association/index.js';
import { Wafv2WebAclLoggingConfiguration } from '@cdktf/provider-aws/lib/wafv2-web-acl-logging-configuration/index.js';
import { Wafv2WebAcl } from '@cdktf/provider-aws/lib/wafv2-web-acl/index.js';
import { Construct } from 'constructs';
import type { CustomerKey } from '../constructs/customer-key.ts';
import { logGroup } from '../constructs/log-group.ts';
import { stackOf } from '../lib/environment-stack.ts';
import { webAclRules } from './web-acl-rules.ts';

/** Headers that open doors; the query holds the sign-in's authorization codes. */
const secretHeaders = ['authorization', 'cookie', 'x-api-key'] as const;

/** The web application firewall, and its log without secrets. */
export class WebAcl extends Construct {
  readonly acl: Wafv2WebAcl;
  readonly name: string;

  constructor(scope: Construct, id: string, { key }: { key: CustomerKey }) {
    super(scope, id);
    const stack = stackOf(this);
    this.name = stack.named('edge');
    this.acl = new Wafv2WebAcl(this, 'acl', {
      name: this.name,
      description: 'Guards the front door of the CRM',
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      rule: webAclRules(stack.environment),
      visibilityConfig: {
        cloudwatchMetricsEnabled: true,
        sampledRequestsEnabled: true,
        metricName: 'Edge',
      },
    });
    const group = logGroup(this, 'logs', {
      // WAF writes only to groups of this prefix.
      exactly: `aws-waf-logs-${this.name}`,
      key,
    });
    new Wafv2WebAclLoggingConfiguration(this, 'logging', {
      resourceArn: this.acl.arn,
      logDestinationConfigs: [group.arn],
      redactedFields: [
        ...secretHeaders.map((name) => ({ singleHeader: { name } })),
        { queryString: {} },
      ],
    });
  }

  /** Puts the firewall in front of a load balancer or a sign-in page. */
  guard(id: string, resourceArn: string): void {
    new Wafv2WebAclAssociation(this, id, { resourceArn, webAclArn: this.acl.arn });
  }
}
