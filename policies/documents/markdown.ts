/** A table of Markdown (GitHub's dialect); bars and line ends of cells cannot break it. */
export function table(
  titles: readonly string[],
  rows: readonly (readonly (string | undefined)[])[],
): string {
  const line = (cells: readonly (string | undefined)[]): string =>
    `| ${cells.map((cell) => escape(cell ?? '')).join(' | ')} |`;
  return [line(titles), `|${'---|'.repeat(titles.length)}`, ...rows.map(line)].join('\n');
}

/** Paragraphs, tables and headings, with an empty line between them. */
export function page(...blocks: readonly (string | undefined)[]): string {
  return `${blocks.filter((block) => block !== undefined && block !== '').join('\n\n')}\n`;
}

export const bullets = (items: readonly string[]): string =>
  items.map((item) => `- ${item}`).join('\n');

export const numbered = (items: readonly string[]): string =>
  items.map((item, index) => `${index + 1}. ${item}`).join('\n');

function escape(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('|', '\\|')
    .replaceAll(/\r?\n/g, ' ')
    .replaceAll('<', '&lt;');
}
