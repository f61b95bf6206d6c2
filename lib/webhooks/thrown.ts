/** The name of what was thrown. The message may hold personal data. */
export function nameOfThrown(error: unknown): string {
  const name = error instanceof Error ? error.name : '';
  return /^\w{1,60}$/.test(name) ? name : 'something';
}

/** Where it was thrown: the first line of the stack behind the message, which may look like such a line. */
export function placeOfThrown(error: unknown): string | undefined {
  if (!(error instanceof Error) || typeof error.stack !== 'string') return undefined;
  const { stack, message } = error;
  const at = stack.indexOf(message);
  if (at === -1) return undefined;
  const frames = stack.slice(at + message.length).split('\n');
  return frames.map((line) => line.trim()).find((line) => /^at .+:\d+:\d+\)?$/.test(line));
}
