/** A text without percent-encoding; as it stands if it isn't encoded: a key may hold a bare `%`. */
export function decodeUri(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
