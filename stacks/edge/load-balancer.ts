import type { LbListenerDefaultAction } from '@cdktf/provider-aws/lib/lb-listener/index.js';
import { LbListener } from '@cdktf/provider-aws/lib/lb-listener/index.js';
import { LbTargetGroup } from '@cdktf/provider-aws/lib/lb-target-group/index.js';
import { Lb } from '@cdktf/provider-aws/lib/lb/index.js';
import { Construct } from 'constructs';
import { logBucket } from '../constructs/log-bucket.ts';
import type { PrivateBucket } from '../constructs/private-bucket.ts';
import { stackOf } from '../lib/environment-stack.ts';

export interface LoadBalancerConfig {
  readonly vpcId: string;
  readonly subnetIds: readonly string[];
  readonly securityGroupId: string;
  readonly certificateArn: string;
  readonly signIn: LbListenerDefaultAction;
}

/** TLS 1.3, 1.2 for older clients with forward secrecy only, hybrid post-quantum where they can. */
const tlsPolicy = 'ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09';

/** The front door: TLS, sign-in, and on to the CRM's tasks, again over TLS. */
export class LoadBalancer extends Construct {
  readonly balancer: Lb;
  readonly targets: LbTargetGroup;

  constructor(scope: Construct, id: string, config: LoadBalancerConfig) {
    super(scope, id);
    const stack = stackOf(this);
    const { edge, network } = stack.environment;
    const logs = { bucket: this.#logs().bucket.id, enabled: true };
    this.balancer = new Lb(this, 'balancer', {
      name: stack.named('edge'),
      loadBalancerType: 'application',
      internal: false,
      ipAddressType: 'ipv4',
      subnets: [...config.subnetIds],
      securityGroups: [config.securityGroupId],
      dropInvalidHeaderFields: true,
      desyncMitigationMode: 'strictest',
      enableDeletionProtection: edge.deletionProtection,
      enableHttp2: true,
      xffHeaderProcessingMode: 'append',
      accessLogs: { ...logs, prefix: 'access' },
      connectionLogs: { ...logs, prefix: 'connections' },
    });
    this.targets = new LbTargetGroup(this, 'crm', {
      name: stack.named('crm'),
      vpcId: config.vpcId,
      targetType: 'ip',
      protocol: 'HTTPS',
      port: network.applicationPort,
      deregistrationDelay: '30',
      healthCheck: {
        enabled: true,
        protocol: 'HTTPS',
        path: edge.healthPath,
        matcher: '200',
        interval: 15,
        healthyThreshold: 2,
        unhealthyThreshold: 3,
      },
    });
    this.#listen(config);
  }

  #listen(config: LoadBalancerConfig): void {
    new LbListener(this, 'plaintext', {
      loadBalancerArn: this.balancer.arn,
      port: 80,
      protocol: 'HTTP',
      defaultAction: [
        { type: 'redirect', redirect: { port: '443', protocol: 'HTTPS', statusCode: 'HTTP_301' } },
      ],
    });
    new LbListener(this, 'tls', {
      loadBalancerArn: this.balancer.arn,
      port: 443,
      protocol: 'HTTPS',
      sslPolicy: tlsPolicy,
      certificateArn: config.certificateArn,
      routingHttpResponseServerEnabled: false,
      routingHttpResponseStrictTransportSecurityHeaderValue: 'max-age=63072000; includeSubDomains',
      routingHttpResponseXContentTypeOptionsHeaderValue: 'nosniff',
      routingHttpResponseXFrameOptionsHeaderValue: 'SAMEORIGIN',
      defaultAction: [
        config.signIn,
        { type: 'forward', order: 2, targetGroupArn: this.targets.arn },
      ],
    });
  }

  #logs(): PrivateBucket {
    const stack = stackOf(this);
    const { account } = stack.environment;
    const name = `${stack.named('edge-logs')}-${account}`;
    return logBucket(this, 'logs', {
      purpose: 'edge-logs',
      statements: [
        {
          sid: 'ReceiveLoadBalancerLogs',
          principal: { Service: 'logdelivery.elasticloadbalancing.amazonaws.com' },
          actions: ['s3:PutObject'],
          resources: ['access', 'connections'].map(
            (prefix) => `arn:${stack.partition.name}:s3:::${name}/${prefix}/AWSLogs/${account}/*`,
          ),
          conditions: {
            StringEquals: { 'aws:SourceAccount': account },
            ArnLike: { 'aws:SourceArn': stack.arn('elasticloadbalancing', 'loadbalancer/*') },
          },
        },
      ],
    });
  }
}
