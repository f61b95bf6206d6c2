import type { HistoryEntry } from '../outbox/history.js';
import { MEANINGS } from '../program/explain.js';
import { html, type Html } from './html.js';
import { table } from './table.js';
import { utc } from './times.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const SIZES = [MINUTE, 10 * MINUTE, HOUR, 6 * HOUR, DAY, 3 * DAY, 7 * DAY];
const BARS = 30;
/** From the bottom of a bar to its top. Each has a colour in the stylesheet. */
const OUTCOMES = [
  'attributed',
  'registered',
  'already_registered',
  'pending',
  'unknown_partner',
  'rejected',
  'invalid',
  'discarded',
  'dead',
];

const WIDTH = 800;
const HEIGHT = 220;
const LEFT = 40;
const BOTTOM = 30;
const STEP = (WIDTH - LEFT) / BARS;

interface Bar {
  readonly at: Date;
  readonly counts: ReadonlyMap<string, number>;
}

/** Sign-ups over time by outcome: stacked bars, a legend, and the same numbers as a table. */
export function plot(signUps: readonly HistoryEntry[], now: number): Html {
  const bars = barsOf(signUps, now);
  const totals = bars.map(({ counts }) => sum(counts));
  const top = niceTop(Math.max(1, ...totals));
  const present = OUTCOMES.filter((outcome) => bars.some(({ counts }) => counts.has(outcome)));
  const y = (n: number) => 10 + (HEIGHT - BOTTOM - 10) * (1 - n / top);
  const span = `${utc(bars[0]!.at)} to now`;
  return html`<figure>
      <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="plot-title">
        <title id="plot-title">
          Sign-ups from ${span}, by outcome: ${totals.reduce((a, b) => a + b)}
        </title>
        ${[0, top / 2, top].map(
          (n) =>
            html`<line class="grid" x1="${LEFT}" x2="${WIDTH}" y1="${y(n)}" y2="${y(n)}" />
              <text x="${LEFT - 6}" y="${y(n) + 4}" text-anchor="end">${n}</text>`,
        )}
        ${bars.map((bar, i) => drawBar(bar, LEFT + i * STEP, y))}
        ${[0, 10, 20, BARS - 1].map(
          (i) =>
            html`<text
              x="${LEFT + i * STEP}"
              y="${HEIGHT - 8}"
              text-anchor="${i === BARS - 1 ? 'end' : 'start'}"
              >${i === BARS - 1 ? 'now' : labelOf(bars, i)}</text
            >`,
        )}
      </svg>
      <figcaption>
        <ul class="legend">
          ${present.map(
            (outcome) =>
              html`<li>
                <svg class="swatch" viewBox="0 0 1 1" aria-hidden="true">
                  <rect class="o-${outcome}" width="1" height="1" />
                </svg>
                ${outcome}: ${MEANINGS[outcome] ?? ''}
              </li>`,
          )}
        </ul>
      </figcaption>
    </figure>
    <details>
      <summary>The same numbers as a table</summary>
      ${table(
        'Sign-ups by time and outcome',
        ['From', ...present],
        bars
          .filter(({ counts }) => counts.size > 0)
          .map(({ at, counts }) => [
            utc(at),
            ...present.map((outcome) => counts.get(outcome) ?? 0),
          ]),
      )}
    </details>`;
}

function drawBar({ at, counts }: Bar, x: number, y: (n: number) => number): Html[] {
  let below = 0;
  return OUTCOMES.flatMap((outcome) => {
    const n = counts.get(outcome);
    if (n === undefined) return [];
    const [from, to] = [below, (below += n)];
    return html`<rect
      class="o-${outcome}"
      x="${x + 2}"
      width="${STEP - 4}"
      y="${y(to)}"
      height="${y(from) - y(to)}"
      ><title>${utc(at)}: ${n} ${outcome}</title></rect
    >`;
  });
}

/** As many bars, of the shortest time with which they show all sign-ups. */
function barsOf(signUps: readonly HistoryEntry[], now: number): Bar[] {
  const oldest = Math.min(now, ...signUps.map(({ queuedAt }) => queuedAt.getTime()));
  const endOf = (size: number) => Math.floor(now / size + 1) * size;
  const size = SIZES.find((each) => endOf(each) - BARS * each <= oldest) ?? SIZES.at(-1)!;
  const start = endOf(size) - BARS * size;
  const counts = Array.from({ length: BARS }, () => new Map<string, number>());
  for (const { queuedAt, outcome, state } of signUps) {
    const bar = counts[Math.floor((queuedAt.getTime() - start) / size)];
    const name = outcome ?? state;
    bar?.set(name, (bar.get(name) ?? 0) + 1);
  }
  return counts.map((each, i) => ({ at: new Date(start + i * size), counts: each }));
}

/** A day, or within two days a time of day. */
function labelOf(bars: readonly Bar[], i: number): string {
  const at = bars[i]!.at.toISOString();
  const isShort = bars[1]!.at.getTime() - bars[0]!.at.getTime() <= HOUR;
  return isShort ? `${at.slice(11, 16)} UTC` : at.slice(0, 10);
}

/** An even number, so that half of it is whole. */
function niceTop(most: number): number {
  const size = 10 ** Math.floor(Math.log10(most));
  return [2, 4, 6, 10, 20].map((n) => n * size).find((n) => n >= most) ?? most;
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((a, b) => a + b, 0);
}
