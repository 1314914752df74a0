import type { Environment } from '../../contracts/environment.ts';
import {
  blocking,
  judge,
  renderText,
  type InputFile,
  type SuppressionSet,
} from '../../policies/face.ts';
import { TerraformStack, type App } from './cdktf.ts';

export interface PolicyGateConfig {
  readonly environment: Environment;
  readonly suppressions: SuppressionSet;
  /** The day decides which suppressions still hold. */
  readonly now: Date;
  /** Takes the report as text for people. */
  readonly print: (report: string) => void;
}

/** The policies stop the synthesis; `findings` has one line each. */
export class PoliciesRefused extends Error {
  override readonly name = 'PoliciesRefused';
  readonly findings: readonly string[];

  constructor(findings: readonly string[]) {
    super(['the policies stop this synthesis', ...findings.map((line) => `  ${line}`)].join('\n'));
    this.findings = findings;
  }
}

/**
 * Judges all stacks together, once, at the end of the synthesis. An error that no suppression accepts, or
 * a rule that breaks, makes it throw a PoliciesRefused, and stops whatever was to be done with the
 * synthesis: `cdktf` neither compares nor deploys.
 */
export function guardByPolicies(app: App, config: PolicyGateConfig): void {
  // The app's validations run after those of its stacks: tags and references between stacks are there.
  app.node.addValidation({
    validate: () => {
      const findings = objections(app, config);
      // CDKTF's own error would advise to skip validations.
      if (findings.length > 0) throw new PoliciesRefused(findings);
      return [];
    },
  });
}

function objections(app: App, { environment, suppressions, now, print }: PolicyGateConfig) {
  const content = JSON.parse(JSON.stringify(environment));
  const report = judge(stacksOf(app), {
    suppressions,
    now,
    environment: { name: environment.environment, content },
  });
  print(renderText(report));
  const failed = blocking(report, { failOn: 'error' });
  return [
    ...failed.map(({ rule, address }) => `${rule.id}  ${address}`),
    ...report.errors.map(({ rule }) => `${rule}  broke`),
  ];
}

function stacksOf(app: App): InputFile[] {
  return app.node.children
    .filter((child) => TerraformStack.isStack(child))
    .map((stack) => ({
      name: stack.node.id,
      file: `${stack.node.id}/cdk.tf.json`,
      content: stack.toTerraform(),
    }));
}
