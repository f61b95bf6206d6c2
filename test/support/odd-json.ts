/** JSON as JavaScript writes it; with blanks in odd places; with escaped slashes and `\\u00e9`. */
export const JSON_STYLES = {
  compact: (value: object) => JSON.stringify(value),
  spaced: (value: object) =>
    ` \n${JSON.stringify(value, null, '\t').replaceAll('": ', '"  :\r\n ')}\n\n`,
  php: (value: object) =>
    JSON.stringify(value)
      .replaceAll('/', String.raw`\/`)
      .replaceAll(/[^\0-\x7f]/g, (char) => `\\u${hex4(char.charCodeAt(0))}`),
};

function hex4(code: number): string {
  return code.toString(16).padStart(4, '0');
}
