/** HTML that is escaped already. */
export class Html {
  constructor(private readonly text: string) {}

  toString(): string {
    return this.text;
  }
}

/** What may stand in a template. Everything but {@link Html} is escaped; `null` and `false` are nothing. */
export type HtmlValue = Html | string | number | null | false | readonly HtmlValue[];

/** Joins a template and its values, and escapes the values for text and for quoted attributes. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  const parts = values.map((value, i) => (strings[i] ?? '') + toText(value));
  return new Html(parts.join('') + (strings.at(-1) ?? ''));
}

function toText(value: HtmlValue): string {
  if (value instanceof Html) return value.toString();
  if (value === null || value === false) return '';
  if (typeof value === 'object') return value.map(toText).join('');
  return String(value).replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
