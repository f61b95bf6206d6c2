import { cpus } from 'node:os';

/** The value below which `share` of all lie. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Half the distance between the least and the most, in percent of the median. */
export function spread(values: readonly number[]): string {
  const half = (Math.max(...values) - Math.min(...values)) / 2;
  return `±${figure((100 * half) / median(values), 0)} %`;
}

/** Prints a Markdown table, with the numbers to the right. */
export function printTable(heads: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = heads.map((head, i) =>
    Math.max(head.length, 3, ...rows.map((row) => row[i]!.length)),
  );
  const line = (cells: readonly string[]) =>
    console.log(
      `| ${cells.map((cell, i) => (i ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))).join(' | ')} |`,
    );
  line(heads);
  line(widths.map((width, i) => (i ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width))));
  for (const row of rows) line(row);
  console.log('');
}

/** One line on where and when a bench ran. */
export function conditions(): string {
  const processors = cpus();
  const model = processors[0]?.model.trim() || 'CPU';
  const date = new Date().toISOString().slice(0, 10);
  return `${date}, Node.js ${process.version}, ${model}, ${processors.length} cores`;
}

/** A number, or a dash where nothing was there to be measured. */
export function figure(value: number, digits: number): string {
  return Number.isNaN(value) ? '–' : value.toFixed(digits);
}
