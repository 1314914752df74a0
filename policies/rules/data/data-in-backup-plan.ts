import { nist80053, hipaa } from '../../controls/frameworks.ts';
import { primaryStores } from '../../analysis/storage.ts';
import type { Graph } from '../../engine/graph.ts';
import type { Resource } from '../../engine/resource.ts';
import { type Rule, graph } from '../../engine/rule.ts';
import { asList, textOf } from '../../engine/value.ts';
import { when } from '../../engine/verdict.ts';

function selects(selection: Resource, store: Resource, everything: Graph): boolean {
  const resources = asList(selection.get('resources'));
  if (everything.referents(resources, store.type).includes(store)) return true;
  const names = [...resources].map(textOf);
  const tags = selection
    .blocks('selection_tag')
    .filter((tag) => store.tags[textOf(tag['key'])] === tag['value']);
  return (
    tags.length > 0 || (names.includes('*') && asList(selection.get('not_resources')).length === 0)
  );
}

export const dataInBackupPlan: Rule = {
  id: 'data-in-backup-plan',
  title: "Every store of customers' data is in a plan of AWS Backup",
  severity: 'error',
  rationale: 'The store that somebody adds next year is the one that is missing after the fire.',
  remediation: 'Select the resource by ARN or by a tag in an aws_backup_selection.',
  controls: [
    ...nist80053('CP-1(2)', 'CP-2(5)', 'CP-6a', 'CP-6(1)', 'CP-9a'),
    ...hipaa('164.308(a)(7)(i)', '164.308(a)(7)(ii)(A)', '164.308(a)(7)(ii)(B)'),
  ],
  check: graph((everything) => {
    if (everything.of('aws_backup_plan').length === 0) return [];
    const selections = everything.of('aws_backup_selection');
    return primaryStores(everything).map((store) => ({
      resource: store,
      verdict: when(
        selections.some((selection) => selects(selection, store, everything)),
        'no selection names it',
        'an aws_backup_selection that names it or one of its tags',
      ),
    }));
  }),
};
