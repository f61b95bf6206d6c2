import { printable } from '../common/printable-log.js';

/** As long as an id. Under sentences, a longer line would be noise. */
const MAX_RULE = 36;

/** Rows under a head, in columns; numbers to the right. */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const texts = rows.map((row) => row.map((cell) => printable(String(cell))));
  const widths = texts[0]!.map((_, i) => Math.max(...texts.map((row) => row[i]!.length)));
  const lines = texts.map((row, r) =>
    row
      .map((text, i) =>
        typeof rows[r]![i] === 'number' ? text.padStart(widths[i]!) : text.padEnd(widths[i]!),
      )
      .join('  ')
      .trimEnd(),
  );
  const rule = widths.map((width) => '-'.repeat(Math.min(width, MAX_RULE)).padEnd(width));
  return [lines[0]!, rule.join('  ').trimEnd(), ...lines.slice(1)].join('\n');
}
