import { relativeTime } from '../common/relative-time.js';
import { html, type Html } from './html.js';

/** Such as `2026-11-27 20:15:31 UTC`. */
export function utc(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** A time for a table: how long ago, and when exactly. */
export function timeCell(at: Date, now: number): Html {
  return html`${relativeTime(at, now)}
    <small><time datetime="${at.toISOString()}">${utc(at)}</time></small>`;
}
