import { afsbp, nist80053 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { isTrue, requires } from '../../engine/verdict.ts';

export const ecrScansOnPush: Rule = {
  id: 'ecr-scans-on-push',
  title: 'Images are scanned when they arrive',
  severity: 'warning',
  rationale: 'Known flaws would go to production unread.',
  remediation: 'Set image_scanning_configuration.scan_on_push to true.',
  controls: [...afsbp('ECR.1'), ...nist80053('SI-2(2)')],
  check: resource('aws_ecr_repository', (repository) =>
    requires(repository, 'image_scanning_configuration.scan_on_push', isTrue),
  ),
};
