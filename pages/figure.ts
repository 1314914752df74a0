import { html, type Content, type Html } from './html.ts';

export interface Figure {
  readonly title: Content;
  /** One or two sentences that say what the drawing shows, for those who do not see it. */
  readonly description: string;
  /** An `<svg>` of a library; what it says is said by `description` and `details`. */
  readonly drawing: Html;
  /** The same for narrow screens, where a wide one could not be read. */
  readonly narrow?: Html;
  /** The numbers behind it, usually a table, behind a fold that `summary` names. */
  readonly details?: { readonly summary: string; readonly content: Content };
}

/** A drawing with its text alternative: a description, and the numbers themselves. */
export function figure({ title, description, drawing, narrow, details }: Figure): Html {
  return html`<figure>
    <figcaption>${title}</figcaption>
    <div class="drawing" role="img" aria-label="${description}">
      ${
        narrow
          ? html`<div class="wide">${drawing}</div>
              <div class="narrow">${narrow}</div>`
          : drawing
      }
    </div>
    ${details && fold(details.summary, details.content)}
  </figure>`;
}

/** Content that opens on demand; always open in print. */
export function fold(summary: Content, content: Content): Html {
  return html`<details>
    <summary>${summary}</summary>
    ${content}
  </details>`;
}
