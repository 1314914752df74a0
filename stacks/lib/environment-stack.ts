import { AwsProvider } from '@cdktf/provider-aws/lib/provider/index.js';
import { RandomProvider } from '@cdktf/provider-random/lib/provider/index.js';
import type { Construct } from 'constructs';
import type { Environment } from '../../contracts/environment.ts';
import { partitionOf, type Partition } from '../../contracts/environment/partitions.ts';
import { keepState } from './backend.ts';
import {
  Aspects,
  TerraformOutput,
  TerraformStack,
  type TerraformElement,
  type TerraformProvider,
} from './cdktf.ts';
import { TagEverything } from './tags.ts';

/** The boundaries of services' roles: one in this account, one in the off-site account. */
export interface Guardrails {
  readonly boundary: string;
  readonly offsiteBoundary: string;
}

/**
 * A stack of one environment: its provider, its state, its tags. The account is a number in the
 * environment's file, so that ARNs are known at synthesis, policies can read them, and Terraform
 * refuses to run with another account's credentials.
 */
export class EnvironmentStack extends TerraformStack {
  readonly environment: Environment;
  readonly partition: Partition;
  /** Absent in the stacks that come before the boundaries themselves. */
  readonly guardrails: Guardrails | undefined;
  #offsite: AwsProvider | undefined;
  #random: RandomProvider | undefined;

  constructor(scope: Construct, id: string, environment: Environment, guardrails?: Guardrails) {
    super(scope, id);
    this.environment = environment;
    this.guardrails = guardrails;
    this.partition = partitionOf(environment.region);
    new AwsProvider(this, 'aws', {
      region: environment.region,
      allowedAccountIds: [environment.account],
    });
    this.keepState();
    Aspects.of(this).add(new TagEverything(environment));
  }

  protected keepState(): void {
    keepState(this, this.environment);
  }

  /** The account that off-site copies and drills live in. */
  get offsiteAccount(): string {
    return this.environment.offsite.account ?? this.environment.account;
  }

  /** The provider of the off-site region, and of its account where that is another. */
  get offsite(): TerraformProvider {
    const { region, roleArn } = this.environment.offsite;
    this.#offsite ??= new AwsProvider(this, 'aws-offsite', {
      alias: 'offsite',
      region,
      allowedAccountIds: [this.offsiteAccount],
      ...(roleArn ? { assumeRole: [{ roleArn, sessionName: 'holdfast-stacks' }] } : {}),
    });
    return this.#offsite;
  }

  /** The provider of random values, which Terraform keeps in the state. */
  get random(): TerraformProvider {
    this.#random ??= new RandomProvider(this, 'random');
    return this.#random;
  }

  /** A name for something in the account: project, environment and purpose. */
  named(purpose: string): string {
    return `${this.environment.project}-${this.environment.environment}-${purpose}`;
  }

  /** An ARN of this account and region; pass an empty string for what has none. */
  arn(service: string, resource: string, over: { region?: string; account?: string } = {}): string {
    const { region, account } = { ...this.environment, ...over };
    return `arn:${this.partition.name}:${service}:${region}:${account}:${resource}`;
  }

  /** Publishes a value of this stack to people and to other tools. */
  output(id: string, value: string, description: string): void {
    new TerraformOutput(this, id, { value, description });
  }

  /**
   * The construct's path, joined by underscores: readable in plans and suppressions, and stable as
   * long as nobody moves the construct. CDKTF's own would end in a hash.
   */
  protected override allocateLogicalId(element: unknown): string {
    const path = (element as TerraformElement).node.path.split('/');
    const id = path.slice(path.indexOf(this.node.id) + 1).join('_');
    // CDKTF names the outputs between stacks after what they refer to, dots and all.
    return id.replaceAll(/[^\w-]/g, '_');
  }
}

/** The environment's stack that a construct belongs to. */
export function stackOf(scope: Construct): EnvironmentStack {
  return TerraformStack.of(scope) as EnvironmentStack;
}
