import type { ControlsReport, JudgedControl } from '../../../contracts/controls-report.ts';
import { banner, definitions, facts, list } from '../../../pages/blocks.ts';
import { formatsFor } from '../../../pages/formats.ts';
import { html, type Html } from '../../../pages/html.ts';
import { languages, type Language } from '../../../pages/language.ts';
import { anchor, renderPage, type Edition, type Section } from '../../../pages/page.ts';
import { table } from '../../../pages/table.ts';
import { badStates } from '../render-text.ts';
import { attestationsTable, controlBlock, stateMark } from './control-blocks.ts';
import { frameworkBlock, frameworksTable } from './framework-blocks.ts';
import { stateWords, texts, tones } from './texts.ts';

/** The compliance page: one self-contained file in every language. */
export function compliancePage(report: ControlsReport): string {
  const [first, ...others] = languages.map((language) => edition(report, language));
  if (!first) throw new Error('a page needs a language');
  return renderPage([first, ...others]);
}

function edition(report: ControlsReport, language: Language): Edition {
  const words = texts[language];
  const formats = formatsFor(language);
  const sections: (Section | false)[] = [
    { id: 'attention', title: words.attention, content: attention(report, language) },
    { id: 'overview', title: words.overview, content: themesTable(report, language) },
    {
      id: 'frameworks',
      title: words.frameworks,
      content: [
        html`<p class="quiet">${words.requirementNote}</p>`,
        frameworksTable(report.frameworks, language),
        report.frameworks.map((framework) => frameworkBlock(framework, report, language)),
      ],
    },
    ...report.themes.map(({ id, title }) => ({
      id: `theme-${id}`,
      title: title[language],
      content: report.controls
        .filter(({ theme }) => theme === id)
        .map((control) => controlBlock(control, report, language)),
    })),
    {
      id: 'attestations',
      title: words.attestations,
      content: attestationsTable(report.controls, language),
    },
    report.problems.length > 0 && {
      id: 'problems',
      title: words.problems,
      content: table({
        caption: words.problemsCaption,
        columns: [{ title: words.where }, { title: words.why }],
        rows: report.problems.map(({ where, what }) => [where, what]),
      }),
    },
    { id: 'made', title: words.made, content: sources(report, language) },
  ];
  return {
    language,
    title: words.title(report.environment ?? ''),
    lead: lead(report, language),
    sections: sections.filter((section) => section !== false),
    foot: words.madeAt(formats.moment(report.madeAt)),
  };
}

function lead({ controls }: ControlsReport, language: Language): Html[] {
  const words = texts[language];
  const applying = controls.filter(({ state }) => state !== 'absent');
  const bad = applying.filter(({ state }) => badStates.includes(state));
  const worst = (['not', 'partly', 'overdue'] as const).find((state) =>
    bad.some((control) => control.state === state),
  );
  const states = ['met', 'attested', 'partly', 'overdue', 'not', 'absent'] as const;
  return [
    bad.length === 0
      ? banner('good', words.allGood(applying.length))
      : banner(worst ? tones[worst] : 'warning', words.someBad(bad.length, applying.length)),
    facts(
      states
        .filter((state) => state !== 'absent' || applying.length < controls.length)
        .map((state) => [
          stateWords[language][state],
          controls.filter((control) => control.state === state).length,
        ]),
    ),
  ];
}

/** Every control that does not hold, worst first, with what is wrong. */
function attention({ controls }: ControlsReport, language: Language): Html {
  const words = texts[language];
  const bad = badStates.flatMap((state) => controls.filter((control) => control.state === state));
  return table({
    caption: words.attentionCaption,
    columns: [{ title: words.control }, { title: words.state }, { title: words.why }],
    empty: words.nothing,
    rows: bad.map((control) => [
      html`<a href="#${anchor(language, `control-${control.id}`)}">${control.title[language]}</a>`,
      stateMark(control.state, language),
      list(
        control.parts
          .filter(({ state }) => badStates.includes(state))
          .map(
            (part) =>
              html`${part.title[language]}${language === 'zh' ? '：' : ': '}${part.why[language]}`,
          ),
      ),
    ]),
  });
}

function themesTable({ themes, controls }: ControlsReport, language: Language): Html {
  const words = texts[language];
  const states = ['met', 'attested', 'partly', 'overdue', 'not', 'absent'] as const;
  const count = (of: readonly JudgedControl[], state: (typeof states)[number]): number =>
    of.filter((control) => control.state === state).length;
  return table({
    caption: words.themesCaption,
    columns: [
      { title: words.theme },
      { title: words.controls, numeric: true },
      ...states.map((state) => ({ title: stateWords[language][state], numeric: true })),
    ],
    rows: themes.map(({ id, title }) => {
      const own = controls.filter(({ theme }) => theme === id);
      return [
        html`<a href="#${anchor(language, `theme-${id}`)}">${title[language]}</a>`,
        own.length,
        ...states.map((state) => count(own, state)),
      ];
    }),
  });
}

function sources({ inputs }: ControlsReport, language: Language): Html {
  const words = texts[language];
  return definitions([
    [
      words.infrastructure,
      `${inputs.infrastructure} (${words.resources(inputs.resources, inputs.rules)})`,
    ],
    [words.agent, inputs.agent ?? words.none],
    [words.evidence, inputs.evidence.length > 0 ? inputs.evidence.join(', ') : words.none],
    [words.attestationsFile, inputs.attestations ?? words.none],
  ]);
}
