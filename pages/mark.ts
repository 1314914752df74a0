import { html, trusted, type Html } from './html.ts';

/** How good a state is; each has a shape and a colour, and always a word beside it. */
export const tones = ['good', 'warning', 'bad', 'unknown'] as const;
export type Tone = (typeof tones)[number];

// A disc with a tick, a triangle, an octagon with a bar, a ring: told apart without colour.
const shapes: Readonly<Record<Tone, string>> = {
  good: '<circle cx="8" cy="8" r="7"/><path class="cut" d="m4.5 8.3 2.4 2.4 4.6-5"/>',
  warning: '<path d="M8 .8 15.6 15H.4z"/><path class="cut" d="M8 5.6v4.2m0 1.9v.6"/>',
  bad: '<path d="M5.1.9h5.8l4.1 4.1v5.9l-4.1 4.1H5.1L1 10.9V5z"/><path class="cut" d="M4.6 8h6.8"/>',
  unknown: '<circle class="ring" cx="8" cy="8" r="5.8"/>',
};

/** A state: its shape for the eye, its word for everyone. */
export function mark(tone: Tone, word: string): Html {
  return html`<span class="mark ${tone}"
    ><svg viewBox="0 0 16 16" aria-hidden="true" focusable="false">${trusted(shapes[tone])}</svg
    ><span>${word}</span></span
  >`;
}
