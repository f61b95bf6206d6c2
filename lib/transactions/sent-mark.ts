/** That a request may have reached Partnero, and when; noted before it is sent. */
export function writeSentMark(at: number): string {
  return JSON.stringify({ sentAt: at });
}

/** When an earlier attempt sent it; `null` if none did. */
export function readSentMark(progress: string | null | undefined): number | null {
  try {
    const mark = JSON.parse(progress ?? '{}') as { sentAt?: unknown };
    return typeof mark.sentAt === 'number' ? mark.sentAt : null;
  } catch {
    return null;
  }
}
