import type {
  ControlPart,
  ControlsReport,
  ControlState,
  JudgedControl,
} from '../../../contracts/controls-report.ts';
import { fold } from '../../../pages/figure.ts';
import { html, join, type Html } from '../../../pages/html.ts';
import type { Language } from '../../../pages/language.ts';
import { mark } from '../../../pages/mark.ts';
import { anchor, link } from '../../../pages/page.ts';
import { table } from '../../../pages/table.ts';
import { badStates } from '../render-text.ts';
import { kindWords, stateWords, texts, tones } from './texts.ts';

export function stateMark(state: ControlState, language: Language): Html {
  return mark(tones[state], stateWords[language][state]);
}

/** One control: what it promises, what it rests on, and which requirements it helps to meet. */
export function controlBlock(
  control: JudgedControl,
  { frameworks }: ControlsReport,
  language: Language,
): Html {
  const words = texts[language];
  const { id, title, promise, state, parts } = control;
  const counted = parts.filter((part) => part.state !== 'absent');
  const good = counted.filter((part) => !badStates.includes(part.state)).length;
  const named = frameworks.flatMap((framework) => {
    const ids = control.frameworks[framework.id];
    return ids ? [html`<strong>${framework.short[language]}</strong> ${ids.join(', ')}`] : [];
  });
  return html`<h3 id="${anchor(language, `control-${id}`)}">${title[language]}</h3>
    <p>${stateMark(state, language)}</p>
    <p>${promise[language]}</p>
    ${fold(words.parts(good, counted.length), partsTable(control, language))}
    <p class="quiet">${join(named, language === 'zh' ? '；' : '; ')}</p>`;
}

function partsTable({ title, parts }: JudgedControl, language: Language): Html {
  const words = texts[language];
  return table({
    caption: words.partsCaption(title[language]),
    columns: [
      { title: words.what },
      { title: words.kind },
      { title: words.state },
      { title: words.why },
    ],
    rows: parts.map((part) => [
      nameOf(part, language),
      kindWords[language][part.kind],
      stateMark(part.state, language),
      [part.why[language], part.link !== undefined && [' ', link(part.link, words.record)]],
    ]),
  });
}

function nameOf({ kind, subject, title }: ControlPart, language: Language): Html {
  return kind === 'inherited'
    ? html`${title[language]}`
    : html`${title[language]} <code>${subject}</code>`;
}

/** Every procedure once, those that are due first. */
export function attestationsTable(controls: readonly JudgedControl[], language: Language): Html {
  const words = texts[language];
  const parts = controls.flatMap((control) =>
    control.parts.filter(({ kind }) => kind === 'procedure'),
  );
  const byId = new Map(parts.map((part) => [part.subject, part]));
  const order: readonly ControlState[] = ['not', 'overdue', 'attested'];
  const sorted = [...byId.values()].toSorted(
    (one, other) => order.indexOf(one.state) - order.indexOf(other.state),
  );
  return table({
    caption: words.attestationsCaption,
    columns: [
      { title: words.procedure },
      { title: words.state },
      { title: words.why },
      { title: words.record },
    ],
    rows: sorted.map((part) => [
      nameOf(part, language),
      stateMark(part.state, language),
      part.why[language],
      part.link === undefined ? '–' : link(part.link, words.open),
    ]),
  });
}
