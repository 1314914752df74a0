import { page, table } from '../documents/markdown.ts';
import type { Control, Procedure, Theme } from './control-catalogue.ts';
import { evidenceChecks, type EvidenceName } from './evidence/evidence-checks.ts';
import type { FrameworkList } from './framework-lists.ts';
import { settingChecks, type SettingName } from './setting-checks.ts';

const generated = '<!-- Made by scripts/generate-docs.ts; do not edit. -->';

/** The pages of docs/controls by file name, made from the catalogue and the frameworks' lists. */
export function controlPages(
  themes: readonly Theme[],
  procedures: ReadonlyMap<string, Procedure>,
  lists: readonly FrameworkList[],
): Readonly<Record<string, string>> {
  return {
    'catalogue.md': cataloguePage(themes, procedures, lists),
    'coverage.md': coveragePage(themes, lists),
  };
}

function cataloguePage(
  themes: readonly Theme[],
  procedures: ReadonlyMap<string, Procedure>,
  lists: readonly FrameworkList[],
): string {
  const names = new Map(lists.map(({ id, name }) => [id, name.en]));
  return page(
    '# The controls',
    generated,
    'What the product promises, how each promise is met, and which requirements it helps to meet.',
    ...themes.flatMap(({ title, controls }) => [
      `## ${title.en} (${title.zh})`,
      ...controls.flatMap((control) => [
        `### ${control.title.en}`,
        `\`${control.id}\`. ${control.promise.en}`,
        table(
          ['Met by', ''],
          [
            ...metBy(control, procedures),
            ...Object.entries(control.frameworks).map(([framework, ids]) => [
              `*${names.get(framework) ?? framework}*`,
              ids.join(', '),
            ]),
          ],
        ),
      ]),
    ]),
  );
}

function metBy(control: Control, procedures: ReadonlyMap<string, Procedure>): string[][] {
  const rule = (id: string): string => `[${id}](../policies/${id}.md)`;
  const rows: [string, readonly string[]][] = [
    ['rules', control.rules.map(rule)],
    ['rules, where there is anything to judge', control.whereUsed.map(rule)],
    ['AWS services', Object.keys(control.services).map((type) => `\`${type}\``)],
    [
      'settings of the agent',
      control.settings.map((name) => settingChecks[name as SettingName].title.en),
    ],
    [
      'signed evidence',
      control.evidence.map((name) => evidenceChecks[name as EvidenceName].title.en),
    ],
    ['procedures, attested', control.procedures.map((id) => procedureLink(id, procedures))],
    ['AWS', control.inherited ? [control.inherited.en] : []],
  ];
  return rows
    .filter(([, items]) => items.length > 0)
    .map(([what, items]) => [what, items.join(', ')]);
}

function procedureLink(id: string, procedures: ReadonlyMap<string, Procedure>): string {
  const { title, template } = procedures.get(id) ?? { title: { en: id }, template: '' };
  return `[${title.en}](${template.replace(/^docs\//, '../')})`;
}

function coveragePage(themes: readonly Theme[], lists: readonly FrameworkList[]): string {
  const controls = themes.flatMap((theme) => theme.controls);
  const mapped = ({ id, requirements }: FrameworkList): number =>
    [...requirements.keys()].filter((one) =>
      controls.some(({ frameworks }) => frameworks[id]?.includes(one)),
    ).length;
  return page(
    '# Coverage of the frameworks',
    generated,
    'How many requirements of each framework a control helps to meet. Every requirement is mapped, or out of scope for the reason given.',
    table(
      ['Framework', 'Requirements', 'Mapped', 'Out of scope'],
      lists.map((list) => [
        list.name.en,
        String(list.requirements.size),
        String(mapped(list)),
        String(list.outOfScope.size),
      ]),
    ),
    '## Out of scope, and why',
    table(
      ['Framework', 'Requirements', 'Why'],
      lists.flatMap((list) =>
        [...Map.groupBy(list.outOfScope, ([, reason]) => reason.en)].map(([why, members]) => [
          list.name.en,
          members.map(([id]) => id).join(', '),
          why,
        ]),
      ),
    ),
  );
}
