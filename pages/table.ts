import { html, type Content, type Html } from './html.ts';

export interface Column {
  readonly title: string;
  /** Numbers stand at the right, digit below digit. */
  readonly numeric?: boolean;
}

export interface Table {
  /** Says what the table holds; read out before it. */
  readonly caption: Content;
  readonly columns: readonly Column[];
  /** The first cell of each row names it. */
  readonly rows: readonly (readonly Content[])[];
  /** Instead of a table, when there are no rows. */
  readonly empty?: Content;
}

/**
 * A table with caption and scopes. On narrow screens each row becomes a block of `title: value`; the
 * roles keep it a table for screen readers then.
 */
export function table({ caption, columns, rows, empty }: Table): Html {
  if (rows.length === 0 && empty !== undefined) return html`<p class="empty">${empty}</p>`;
  return html`<table role="table">
    <caption>
      ${caption}
    </caption>
    <thead role="rowgroup">
      <tr role="row">
        ${columns.map(heading)}
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${rows.map((cells) => row(columns, cells))}
    </tbody>
  </table>`;
}

function heading({ title, numeric }: Column): Html {
  return html`<th role="columnheader" scope="col" class="${numeric ? 'numeric' : 'plain'}">
    ${title}
  </th>`;
}

function row(columns: readonly Column[], cells: readonly Content[]): Html {
  const rendered = columns.map(({ title, numeric }, index) =>
    index === 0
      ? html`<th role="rowheader" scope="row">${cells[0]}</th>`
      : html`<td role="cell" data-title="${title}" class="${numeric ? 'numeric' : 'plain'}">
          ${cells[index]}
        </td>`,
  );
  return html`<tr role="row">
    ${rendered}
  </tr> `;
}
