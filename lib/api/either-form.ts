import { PartneroError, type PartneroErrorKind } from './partnero.error.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Sources disagree whether an update is wrapped in `update`, and a server that expects the other form
 * may take ours and ignore it. So changes go out in the first form, and in the second too if that is
 * refused for a field that wasn't sent, or if none of them is in what comes back. Sending the same
 * changes twice does no harm.
 *
 * @throws PartneroError
 */
export async function updateInEitherForm<T extends object>(
  changes: Fields,
  first: () => Promise<T>,
  second: () => Promise<T>,
): Promise<T> {
  let taken: () => T;
  try {
    const answer = await first();
    if (!isIgnored(changes, answer as Fields)) return answer;
    taken = () => answer;
  } catch (refusal) {
    if (!isAboutTheForm(refusal, changes)) throw refusal;
    taken = () => {
      throw refusal;
    };
  }
  try {
    return await second();
  } catch (error) {
    // It was the right form the first time, whatever came of it.
    if (isAboutTheForm(error, changes) && Object.keys(error.fieldErrors).length > 0) return taken();
    throw error;
  }
}

/** A refusal that names no field that was sent. */
function isAboutTheForm(error: unknown, changes: Fields): error is PartneroError {
  if (!(error instanceof PartneroError) || error.kind !== 'validation') return false;
  return !Object.keys(error.fieldErrors).some((field) => field.replace(/^update\./, '') in changes);
}

/** Whether what can be compared is all otherwise than it was asked for. */
function isIgnored(changes: Fields, answer: Fields): boolean {
  const comparable = Object.entries(changes).filter(
    ([field, value]) => field in answer && value !== null && value !== undefined,
  );
  return (
    comparable.length > 0 &&
    comparable.every(([field, value]) => plain(value) !== plain(answer[field]))
  );
}

/** As it would be, however it is stored: a list of tags, letter case, blanks. */
function plain(value: unknown): string {
  if (Array.isArray(value)) return value.map(plain).toSorted().join('\n');
  if (typeof value === 'object' && value !== null && 'value' in value) return plain(value.value);
  return String(value).trim().replaceAll(/\s+/g, ' ').toLowerCase();
}

/**
 * The first way of two in which sources put the same call; the second if the first isn't there, which
 * a 405 says, or one of the kinds given. Neither has done anything then.
 */
export async function orElse<T>(
  first: () => Promise<T>,
  second: () => Promise<T>,
  notThere: readonly PartneroErrorKind[] = [],
): Promise<T> {
  try {
    return await first();
  } catch (error) {
    if (!(error instanceof PartneroError)) throw error;
    if (error.status !== 405 && !notThere.includes(error.kind)) throw error;
    return second();
  }
}
