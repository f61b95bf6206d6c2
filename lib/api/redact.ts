const EMAIL = /[^\s"'<>(),;:]+@[^\s"'<>(),;:]+/g;
const MAX_LENGTH = 300;

/**
 * Makes a text from Partnero fit for a log: what was sent, and anything that looks like an e-mail
 * address, is blanked out.
 */
export function redactor(...sent: unknown[]): (text: string) => string {
  return (text) => {
    let clean = text.slice(0, MAX_LENGTH).replaceAll(EMAIL, '…');
    for (const value of textsIn(sent)) {
      clean = clean.replaceAll(new RegExp(escape(value), 'gi'), '…');
    }
    return clean;
  };
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return value.length > 1 ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  const texts = Object.values(value).flatMap(textsIn);
  // A text that is part of another one must not leave the rest of it behind.
  return texts.toSorted((a, b) => b.length - a.length);
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
