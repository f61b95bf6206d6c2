/** In characters. Longer ones don't fit into an index of PostgreSQL. */
const MAX_LENGTH = 255;

/** For error messages: what {@link isStoredName} asks for. */
export const STORED_NAME = `a string of 1 to ${MAX_LENGTH} characters, none of them NUL or a lone surrogate`;

/** Whether every store takes a name as it is. */
export function isStoredName(name: unknown): name is string {
  if (typeof name !== 'string' || name.trim() === '' || name.length > MAX_LENGTH) return false;
  return isStorable(name);
}

/** PostgreSQL refuses NUL; a lone surrogate is stored as another character, and not found again. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}
