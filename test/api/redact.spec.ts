import { Redactor } from '#lib/api/redact.js';

const KEY = 'pk_live_Secret&1';
const redactor = new Redactor(
  {
    key: 'user-1',
    name: "Zoë O'Neil",
    email: 'ada@example.com',
    partner: { key: 'email' },
    n: 4711,
  },
  [KEY],
);

const jsonEscaped = JSON.stringify("Zoë O'Neil").replaceAll(/[^ -~]/g, (char) => {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
});

describe('a message of Partnero reaches an error', () => {
  it.each([
    ['as it is', "no Zoë O'Neil here"],
    ['in other letters', "no ZOË O'NEIL here"],
    ['percent-encoded', `no ${encodeURIComponent("Zoë O'Neil")} here`],
    ['percent-encoded twice', `no ${encodeURIComponent(encodeURIComponent("Zoë O'Neil"))} here`],
    ['escaped for HTML', 'no Zo&euml; O&#39;Neil here'.replace('&euml;', '&#xEB;')],
    ['escaped for JSON', `no ${jsonEscaped.slice(1, -1)} here`],
    ['as a number', 'no 4711 here'],
    ['as an e-mail address of somebody else', 'no other@person.example here'],
    ['as an e-mail address, encoded', 'no other%40person.example here'],
    ['as the API key', `no ${KEY} here`],
    ['as the API key, escaped for HTML', `no ${KEY.replace('&', '&amp;')} here`],
  ])('without what was sent: %s', (_, text) => {
    expect(redactor.message(text)).toBe('no … here');
  });

  it('without a value that is itself encoded, or holds an e-mail address', () => {
    const sent = { key: 'user%20one', n: 'Tom &amp; Jerry', name: 'Ann Smith <ann@example.com>' };
    for (const value of Object.values(sent)) {
      expect(new Redactor(sent).message(`no ${value} here`)).toBe('no … here');
    }
  });

  it('without what was sent, though that is cut off', () => {
    const text = `${'x'.repeat(190)} ${KEY}`;
    expect(redactor.message(text)).toBe(`${'x'.repeat(190)} …`);
  });

  it('with at most 200 characters, and not at all if it is longer than any rule', () => {
    expect(redactor.message('too long '.repeat(100))).toHaveLength(200);
    expect(redactor.message('a'.repeat(20_000))).toBe('…');
  });

  it('without control characters', () => {
    expect(redactor.message('a\r\n[ERROR] b\u001b[31m\u2028c%0Ad')).toBe('a [ERROR] b [31m c d');
  });

  it('though its encoding is broken', () => {
    expect(redactor.message('100% of %zz %e0%a4 &#x110000; &nope;')).toBe(
      '100% of %zz %e0%a4 &#x110000; &nope;',
    );
  });
});

describe('the name of a field', () => {
  it.each([
    // A partner has the key `email`.
    ['email', 'email'],
    ['partner.key', 'partner.key'],
    ['unknown_field', 'unknown_field'],
    ['tags.0', 'tags.0'],
    ['user-1', '…'],
    ['ada@example.com', '…'],
    ['email.ada%40example.com', '….…'],
    [KEY, '…'],
    ['a\nb', 'ab'],
    ['x'.repeat(300), 'x'.repeat(60)],
  ])('%j is told as %j', (name, told) => {
    expect(redactor.fieldName(name)).toBe(told);
  });
});

it('a value that is too long to be in any message is no trouble', () => {
  const redactor = new Redactor({ name: 'x'.repeat(100_000), key: 'user-42' });
  expect(redactor.message('user-42 has a long name')).toBe('… has a long name');
});
