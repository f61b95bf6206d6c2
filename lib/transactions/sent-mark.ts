/** The checkpoint of a request that may have reached Partnero; saved before it is sent. */
export function writeSentMark(at: number): string {
  return JSON.stringify({ sentAt: at });
}

/** When an earlier attempt sent its request; `null` if none did. */
export function readSentMark(checkpoint: string | null | undefined): number | null {
  try {
    const mark = JSON.parse(checkpoint ?? '{}') as { sentAt?: unknown };
    return typeof mark.sentAt === 'number' ? mark.sentAt : null;
  } catch {
    return null;
  }
}
