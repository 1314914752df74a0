import { html, type Content, type Html } from './html.ts';
import type { Tone } from './mark.ts';

/** The first thing to read: a state in a sentence, and the reasons below it. */
export function banner(tone: Tone, sentence: Content, reasons: readonly Content[] = []): Html {
  return html`<div class="banner ${tone}">
    <p class="sentence">${sentence}</p>
    ${reasons.length > 0 && list(reasons)}
  </div>`;
}

/** Few numbers that matter most, each with its name. */
export function facts(entries: readonly (readonly [name: Content, value: Content])[]): Html {
  return html`<dl class="facts">
    ${entries.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

/** Names and what belongs to them, one below the other. */
export function definitions(entries: readonly (readonly [name: Content, value: Content])[]): Html {
  return html`<dl class="definitions">
    ${entries.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

export function list(items: readonly Content[]): Html {
  return html`<ul>
    ${items.map((item) => html`<li>${item}</li>`)}
  </ul>`;
}

/** A moment, readable by machines, too. */
export function time(iso: string, shown: string): Html {
  return html`<time datetime="${iso}">${shown}</time>`;
}
