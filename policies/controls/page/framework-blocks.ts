import type {
  ControlsReport,
  ControlState,
  JudgedFramework,
  JudgedRequirement,
} from '../../../contracts/controls-report.ts';
import { list } from '../../../pages/blocks.ts';
import { fold } from '../../../pages/figure.ts';
import { formatsFor } from '../../../pages/formats.ts';
import { html, join, type Content, type Html } from '../../../pages/html.ts';
import type { Language } from '../../../pages/language.ts';
import { mark } from '../../../pages/mark.ts';
import { anchor } from '../../../pages/page.ts';
import { table } from '../../../pages/table.ts';
import { stateMark } from './control-blocks.ts';
import { stateWords, texts } from './texts.ts';

const counted = ['met', 'attested', 'partly', 'overdue', 'not'] as const;

/** How much of each framework is mapped, and how its requirements stand. */
export function frameworksTable(frameworks: readonly JudgedFramework[], language: Language): Html {
  const words = texts[language];
  const formats = formatsFor(language);
  return table({
    caption: words.frameworksCaption,
    columns: [
      { title: words.framework },
      { title: words.total, numeric: true },
      { title: words.coverage, numeric: true },
      { title: words.outOfScope, numeric: true },
      ...counted.map((state) => ({ title: stateWords[language][state], numeric: true })),
    ],
    rows: frameworks.map(({ id, name, total, mapped, outOfScope, requirements }) => [
      html`<a href="#${anchor(language, `framework-${id}`)}">${name[language]}</a>`,
      total,
      `${mapped} (${formats.percent(mapped / total)})`,
      outOfScope,
      ...counted.map((state) => countOf(requirements, state)),
    ]),
  });
}

function countOf(requirements: readonly JudgedRequirement[], state: ControlState): number {
  return requirements.filter((requirement) => requirement.state === state).length;
}

/** One framework: what is out of scope and why, and every requirement behind a fold. */
export function frameworkBlock(
  framework: JudgedFramework,
  { controls }: ControlsReport,
  language: Language,
): Html {
  const words = texts[language];
  const { id, name, total, mapped, requirements } = framework;
  const titles = new Map(controls.map((control) => [control.id, control.title[language]]));
  const caption = words.requirementsOf(name[language], mapped, total);
  const rows = requirements.map((requirement) => [
    html`${requirement.id}`,
    requirement.title[language],
    standing(requirement, language),
    join(
      requirement.controls.map(
        (control) =>
          html`<a href="#${anchor(language, `control-${control}`)}">${titles.get(control)}</a>`,
      ),
      language === 'zh' ? '；' : '; ',
    ),
  ]);
  const reasons = reasonsOf(requirements, language);
  return html`<h3 id="${anchor(language, `framework-${id}`)}">${caption}</h3>
    ${reasons.length > 0 && html`<p>${words.outOfScope}</p>`} ${reasons.length > 0 && list(reasons)}
    ${fold(
      words.showRequirements,
      table({
        caption,
        columns: [
          { title: '№' },
          { title: words.requirement },
          { title: words.state },
          { title: words.controls },
        ],
        rows,
      }),
    )}`;
}

function standing({ state, outOfScope }: JudgedRequirement, language: Language): Html {
  if (state !== undefined) return stateMark(state, language);
  const words = texts[language];
  return mark('unknown', outOfScope ? words.outOfScope : words.notMapped);
}

function reasonsOf(requirements: readonly JudgedRequirement[], language: Language): Content[] {
  const outside = requirements.filter(({ outOfScope }) => outOfScope !== undefined);
  const groups = Map.groupBy(outside, ({ outOfScope }) => outOfScope?.[language] ?? '');
  return [...groups].map(([why, members]) =>
    texts[language].outOfScopeBecause(members.map(({ id }) => id).join(', '), why),
  );
}
