const UNITS = [
  ['day', 86_400_000, 2],
  ['hour', 3_600_000, 2],
  ['minute', 60_000, 2],
  ['second', 1_000, 0],
] as const;
const relative = new Intl.RelativeTimeFormat('en');

/** Such as `in 8 seconds` or `3 minutes ago`. */
export function relativeTime(at: Date, now: number): string {
  const ms = at.getTime() - now;
  const [unit, size] = UNITS.find(([, each, least]) => Math.abs(ms) >= least * each) ?? UNITS[3];
  // A wait is never shorter than it says.
  const n = ms > 0 ? Math.ceil(ms / size) : -Math.floor(-ms / size);
  return n === 0 ? 'now' : relative.format(n, unit);
}
