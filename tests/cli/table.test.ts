import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderTable } from '../../backup-agent/cli/render/table.ts';

const rows = [
  { id: '20261127T201726Z-a04264', at: '2026-11-28 04:17:26 +08:00', size: '2.4 MiB', why: 'kept' },
  {
    id: '20261127T201729Z-2680c0',
    at: '2026-11-28 04:17:29 +08:00',
    size: '45 KiB',
    why: 'the newest backup; young enough for keep-within; 20261127T201726Z-a04264 needs it',
  },
];
const id = { title: 'BACKUP', value: (row: (typeof rows)[0]) => row.id };
const at = { title: 'RESTORES TO', value: (row: (typeof rows)[0]) => row.at };
const size = {
  title: 'STORED',
  align: 'right',
  value: (row: (typeof rows)[0]) => row.size,
} as const;
const why = { title: 'WHY', value: (row: (typeof rows)[0]) => row.why };

test('columns that fit stand side by side, however wide a file is', () => {
  const expected = [
    'BACKUP                    STORED',
    '20261127T201726Z-a04264  2.4 MiB',
    '20261127T201729Z-2680c0   45 KiB',
  ];
  assert.deepEqual(renderTable(rows, [id, size], 80).split('\n'), expected);
  assert.deepEqual(renderTable(rows, [id, size], 32).split('\n'), expected);
  assert.equal(renderTable(rows, [id, at, size, why], undefined).split('\n').length, 3);
});

test('a last column of text is wrapped at its words, below its heading', () => {
  const lines = renderTable(rows, [id, why], 70).split('\n');
  assert.deepEqual(lines, [
    'BACKUP                   WHY',
    '20261127T201726Z-a04264  kept',
    '20261127T201729Z-2680c0  the newest backup; young enough for',
    '                         keep-within; 20261127T201726Z-a04264 needs it',
  ]);
});

test('columns that find no place go to further lines, with their headings; nothing is cut', () => {
  for (const width of [40, 60, 80]) {
    const text = renderTable(rows, [id, at, size, why], width);
    for (const line of text.split('\n')) assert.ok(line.length <= width, `${width}: ${line}`);
    const words = (of: string) => of.split(/\s+/).filter((word) => word !== '');
    const whole = words(renderTable(rows, [id, at, size, why], undefined));
    assert.deepEqual(words(text).toSorted(), whole.toSorted());
  }
  assert.deepEqual(renderTable(rows.slice(0, 1), [id, at, size], 55).split('\n'), [
    'BACKUP                   RESTORES TO',
    '     STORED',
    '20261127T201726Z-a04264  2026-11-28 04:17:26 +08:00',
    '    2.4 MiB',
  ]);
});
