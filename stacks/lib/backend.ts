import { join } from 'node:path';
import type { Environment } from '../../contracts/environment.ts';
import { LocalBackend, S3Backend, type TerraformStack } from './cdktf.ts';

/** The bucket that the bootstrap stack makes; unique worldwide through the account's number. */
export function stateBucketName({ project, environment, account }: Environment): string {
  return `${project}-${environment}-state-${account}`;
}

/** Keeps a stack's state in a file at the repository's root: the bootstrap stack's way, and a sandbox's. */
export function keepStateLocally(stack: TerraformStack, { environment }: Environment): void {
  // Terraform runs in the synthesized stack's folder, which the next synthesis may empty.
  const file = `terraform.${environment}.${stack.node.id}.tfstate`;
  new LocalBackend(stack, { path: join(import.meta.dirname, '../..', file) });
}

/** Keeps a stack's state where the environment says. */
export function keepState(stack: TerraformStack, environment: Environment): void {
  if (environment.state === 'local') {
    keepStateLocally(stack, environment);
    return;
  }
  const backend = new S3Backend(stack, {
    bucket: stateBucketName(environment),
    key: `${stack.node.id}.tfstate`,
    region: environment.region,
    // `encrypt` would send the header for S3's own key and be refused: the bucket's default, its
    // customer key, encrypts what comes without a header.
  });
  // S3's conditional writes lock the state (Terraform 1.11); CDKTF's backend does not know it.
  backend.addOverride('use_lockfile', true);
}
