import { stripVTControlCharacters } from 'node:util';

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  readonly align?: 'left' | 'right';
}

/**
 * Columns two spaces apart, headings first; nothing for no rows. Where a line of `width` characters, if it is known, does not hold
 * them, the last column is wrapped at its words, and columns that find no place stand indented on
 * further lines: nothing is cut, so that what is shown can be copied.
 */
export function renderTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  width: number | undefined,
): string {
  const cells = [
    columns.map((column) => column.title),
    ...rows.map((row) => columns.map((column) => column.value(row))),
  ];
  const places = columns.map((column, index) => ({
    index,
    width: Math.max(...cells.map((line) => visibleLength(line[index] ?? ''))),
    alignRight: column.align === 'right',
    wraps: index === columns.length - 1 && column.align !== 'right',
  }));
  const bands = toBands(places, width ?? Number.POSITIVE_INFINITY);
  return cells.flatMap((line) => bands.flatMap((band) => renderBand(line, band))).join('\n');
}

interface Place {
  readonly index: number;
  readonly width: number;
  readonly alignRight: boolean;
  /** Whether its texts may take several lines. */
  readonly wraps: boolean;
}

/** Columns that stand side by side. */
interface Band {
  readonly indent: number;
  readonly places: readonly Place[];
}

const gap = 2;
const furtherIndent = 4;
/** A text in less room is harder to read than one on a line of its own. */
const narrowestText = 24;

function toBands(places: readonly Place[], room: number): Band[] {
  const bands: { indent: number; places: Place[] }[] = [{ indent: 0, places: [] }];
  let used = 0;
  for (const place of places) {
    const least = place.wraps ? Math.min(place.width, narrowestText) : place.width;
    if (used > 0 && used + least > room) {
      bands.push({ indent: furtherIndent, places: [] });
      used = furtherIndent;
    }
    const given = place.wraps ? Math.min(place.width, Math.max(least, room - used)) : place.width;
    bands.at(-1)?.places.push({ ...place, width: given });
    used += given + gap;
  }
  return bands;
}

function renderBand(line: readonly string[], { indent, places }: Band): string[] {
  const texts = places.map(({ index, width, wraps }) => {
    const text = line[index] ?? '';
    return wraps ? wrap(text, width) : [text];
  });
  const height = Math.max(...texts.map((text) => text.length));
  return Array.from({ length: height }, (_, row) => {
    const cells = places.map((place, index) => pad(texts[index]?.[row] ?? '', place));
    return `${' '.repeat(indent)}${cells.join(' '.repeat(gap))}`.trimEnd();
  });
}

function pad(cell: string, { width, alignRight }: Place): string {
  const space = ' '.repeat(Math.max(0, width - visibleLength(cell)));
  return alignRight ? space + cell : cell + space;
}

/** At spaces only: a word that is longer than a line stays whole. */
function wrap(text: string, width: number): string[] {
  if (visibleLength(text) <= width) return [text];
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    const longer = `${last} ${word}`;
    if (last !== undefined && visibleLength(longer) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

function visibleLength(text: string): number {
  return stripVTControlCharacters(text).length;
}
