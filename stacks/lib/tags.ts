import type { IConstruct } from 'constructs';
import type { Environment } from '../../contracts/environment.ts';
import { TerraformResource, type IAspect } from './cdktf.ts';
import { classificationOf } from './classification.ts';

/** A resource that takes tags: its generated class has this pair of accessors. */
interface Taggable {
  tags: Record<string, string>;
  readonly tagsInput?: Record<string, string> | undefined;
}

function isTaggable(node: IConstruct): node is IConstruct & Taggable {
  return TerraformResource.isTerraformResource(node) && 'tagsInput' in node;
}

/**
 * Names and tags every resource that can carry tags, so that each is found by project, environment,
 * owner and data classification. Tags stand on the resources, not in the provider's defaults: there
 * the AWS provider shows a difference whenever both name the same tag.
 */
export class TagEverything implements IAspect {
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  visit(node: IConstruct): void {
    if (!isTaggable(node)) return;
    const { project, environment, owner } = this.#environment;
    // The stack's own id stands first.
    const place = node.node.path.split('/').slice(1).join('-');
    node.tags = {
      Name: `${project}-${environment}-${place}`.slice(0, 256),
      Project: project,
      Environment: environment,
      Owner: owner,
      DataClassification: classificationOf(node),
      ...node.tagsInput,
    };
  }
}
