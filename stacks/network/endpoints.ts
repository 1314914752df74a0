import { DataAwsVpcEndpointService } from '@cdktf/provider-aws/lib/data-aws-vpc-endpoint-service/index.js';
import { VpcEndpoint } from '@cdktf/provider-aws/lib/vpc-endpoint/index.js';
import { Construct } from 'constructs';
import type { TerraformProvider } from '../lib/cdktf.ts';
import { stackOf } from '../lib/environment-stack.ts';
import { policyDocument, type Statement } from '../lib/policy-document.ts';

export type InterfaceService =
  | 'kms'
  | 'secretsmanager'
  | 'logs'
  | 'ecr.api'
  | 'ecr.dkr'
  | 'sts'
  | 'ssm'
  | 'rds'
  | 'backup';

export interface EndpointsConfig {
  readonly vpcId: string;
  readonly region: string;
  readonly services: readonly InterfaceService[];
  readonly subnetIds: readonly string[];
  readonly securityGroupId: string;
  /** Route tables that learn the way to the gateway endpoints. */
  readonly routeTableIds: readonly string[];
  readonly gateways: readonly ('s3' | 'dynamodb')[];
  readonly provider?: TerraformProvider;
}

/** AWS's APIs inside the VPC, each for this environment's accounts alone. */
export class Endpoints extends Construct {
  readonly gateways: Readonly<Record<string, VpcEndpoint>>;

  constructor(scope: Construct, id: string, config: EndpointsConfig) {
    super(scope, id);
    const on = {
      ...(config.provider ? { provider: config.provider } : {}),
      vpcId: config.vpcId,
    };
    this.gateways = Object.fromEntries(
      config.gateways.map((service) => [
        service,
        new VpcEndpoint(this, service, {
          ...on,
          serviceName: this.#name(service, 'Gateway', config),
          vpcEndpointType: 'Gateway',
          routeTableIds: [...config.routeTableIds],
          policy: policyDocument(...this.#rights(service, config.region)),
        }),
      ]),
    );
    for (const service of config.services)
      new VpcEndpoint(this, service.replace('.', '-'), {
        ...on,
        serviceName: this.#name(service, 'Interface', config),
        vpcEndpointType: 'Interface',
        privateDnsEnabled: true,
        subnetIds: [...config.subnetIds],
        securityGroupIds: [config.securityGroupId],
        policy: policyDocument(...this.#rights(service, config.region)),
      });
  }

  /** Names have one form in most partitions; in the others only AWS knows which of two. */
  #name(service: string, serviceType: string, { region, provider }: EndpointsConfig): string {
    if (['aws', 'aws-us-gov'].includes(stackOf(this).partition.name))
      return `com.amazonaws.${region}.${service}`;
    return new DataAwsVpcEndpointService(this, `${service.replace('.', '-')}-service`, {
      ...(provider ? { provider } : {}),
      service,
      serviceType,
    }).serviceName;
  }

  /** Neither foreign credentials nor foreign resources pass: both ways out for stolen data. */
  #rights(service: InterfaceService | 's3' | 'dynamodb', region: string): Statement[] {
    const stack = stackOf(this);
    const accounts = [...new Set([stack.environment.account, stack.offsiteAccount])];
    const own: Statement = {
      sid: 'OwnPrincipalsAndResources',
      principal: '*',
      actions: [`${service.replace(/\..*/, '')}:*`],
      resources: ['*'],
      conditions: {
        StringEquals: { 'aws:PrincipalAccount': accounts, 'aws:ResourceAccount': accounts },
      },
    };
    if (service !== 's3') return [own];
    const layers: Statement = {
      sid: 'ContainerImageLayers',
      principal: '*',
      actions: ['s3:GetObject'],
      resources: [`arn:${stack.partition.name}:s3:::prod-${region}-starport-layer-bucket/*`],
    };
    return [own, layers];
  }
}
