import { afsbp, nist80053 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { equals, requires } from '../../engine/verdict.ts';

export const ecrImmutableTags: Rule = {
  id: 'ecr-immutable-tags',
  title: 'Image tags cannot be moved',
  severity: 'warning',
  rationale: 'A moved tag runs another program under the name that was tested.',
  remediation: 'Set image_tag_mutability to IMMUTABLE.',
  controls: [...afsbp('ECR.2'), ...nist80053('CM-2a', 'SI-7a')],
  check: resource('aws_ecr_repository', (repository) =>
    requires(repository, 'image_tag_mutability', equals('IMMUTABLE', 'IMMUTABLE_WITH_EXCLUSION')),
  ),
};
