import { Route53Record } from '@cdktf/provider-aws/lib/route53-record/index.js';
import type { Construct } from 'constructs';
import type { Environment } from '../../contracts/environment.ts';
import { alarm } from '../constructs/alarm.ts';
import { CustomerKey } from '../constructs/customer-key.ts';
import { EnvironmentStack } from '../lib/environment-stack.ts';
import type { NetworkStack } from '../network/network-stack.ts';
import { Certificate } from './certificate.ts';
import { LoadBalancer } from './load-balancer.ts';
import { signInAction } from './sign-in.ts';
import { WebAcl } from './web-acl.ts';

/** The guarded front door. */
export class EdgeStack extends EnvironmentStack {
  readonly loadBalancer: LoadBalancer;
  readonly webAcl: WebAcl;

  constructor(scope: Construct, environment: Environment, network: NetworkStack) {
    super(scope, 'edge', environment, network.guardrails);
    const { domain, hostedZoneId } = environment.edge;
    const certificate = new Certificate(this, 'tls', { domain, hostedZoneId });
    this.webAcl = new WebAcl(this, 'firewall', {
      key: new CustomerKey(this, 'logs', {
        description: "Encrypts the web application firewall's logs",
        logGroups: true,
      }),
    });
    this.loadBalancer = new LoadBalancer(this, 'door', {
      vpcId: network.vpc.vpc.id,
      subnetIds: network.edge.subnetIds,
      securityGroupId: network.groups.idOf('alb'),
      certificateArn: certificate.validArn,
      signIn: signInAction(this, this.webAcl),
    });
    this.webAcl.guard('guards-door', this.loadBalancer.balancer.arn);
    const { balancer } = this.loadBalancer;
    new Route53Record(this, 'address', {
      zoneId: hostedZoneId,
      name: domain,
      type: 'A',
      alias: {
        name: balancer.dnsName,
        zoneId: balancer.zoneId,
        evaluateTargetHealth: true,
      },
    });
    this.#alarms(network.notices.arn);
    this.output('load-balancer-arn', balancer.arn, 'The front door');
    this.output(
      'target-group-arn',
      this.loadBalancer.targets.arn,
      "Where the CRM's tasks register; they speak TLS",
    );
  }

  #alarms(topicArn: string): void {
    const { balancer } = this.loadBalancer;
    alarm(this, 'server-errors', {
      description: 'The CRM answers with errors',
      namespace: 'AWS/ApplicationELB',
      metric: 'HTTPCode_Target_5XX_Count',
      dimensions: { LoadBalancer: balancer.arnSuffix },
      statistic: 'Sum',
      when: 'above',
      threshold: 25,
      topicArn,
    });
    alarm(this, 'blocked-requests', {
      description: 'The web application firewall blocks unusually much: an attack, or a wrong rule',
      namespace: 'AWS/WAFV2',
      metric: 'BlockedRequests',
      dimensions: {
        WebACL: this.webAcl.name,
        Region: this.environment.region,
        Rule: 'ALL',
      },
      statistic: 'Sum',
      when: 'above',
      threshold: 1000,
      topicArn,
    });
  }
}
