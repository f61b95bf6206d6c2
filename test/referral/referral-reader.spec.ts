import fc from 'fast-check';
import { ReferralReader } from '#lib/referral/referral-reader.js';
import { resolveReferralOptions, type ReferralOptions } from '#lib/referral/referral.options.js';
import { cookieValues } from '#lib/referral/cookie.js';

const reader = (
  options: ReferralOptions = {},
  program: 'affiliate' | 'refer-a-friend' = 'affiliate',
) => new ReferralReader(resolveReferralOptions(options, program));
const withCookie = (cookie: string) => ({ headers: { cookie } });

describe('the cookie', () => {
  const read = (cookie: string) => reader().fromRequest(withCookie(cookie))?.key;

  it.each([
    ['alone', 'partnero_partner=ann', 'ann'],
    ['among others', 'a=1; partnero_partner=ann; b=2', 'ann'],
    ['without blanks', 'a=1;partnero_partner=ann;b=2', 'ann'],
    ['percent-encoded', 'partnero_partner=ann%20%C3%A9', 'ann é'],
    ['in quotes', 'partnero_partner="ann"', 'ann'],
    ['with an equals sign in it', 'partnero_partner=a=b', 'a=b'],
    ['twice: the younger is the last', 'partnero_partner=old; partnero_partner=new', 'new'],
    ['twice, the last one empty', 'partnero_partner=old; partnero_partner=', 'old'],
    ['beside a malformed one', 'x=%E0%A4%A; partnero_partner=ann; y=%', 'ann'],
    ['with a bare percent sign', 'partnero_partner=50%off', '50%off'],
    ['missing', 'a=1; b', undefined],
    ['with its name in another name', 'xpartnero_partner=no; partnero_partner2=no', undefined],
    ['with its name in a value', 'a=partnero_partner=ann', undefined],
    ['without a value', 'partnero_partner', undefined],
    ['of the other program', 'partnero_referral=friend', undefined],
    ['an odd header', ';;;=;partnero_partner=ann;', 'ann'],
  ])('%s', (_, cookie, key) => {
    expect(read(cookie)).toBe(key);
  });

  it('is read from a list of headers and from Fetch headers', () => {
    expect(
      reader().fromRequest({ headers: { cookie: ['a=1', 'partnero_partner=ann'] } })?.key,
    ).toBe('ann');
    const request = new Request('http://x/', { headers: { 'x-other': '1' } });
    request.headers.append('cookie', 'partnero_partner=ann');
    expect(
      reader().fromRequest({ headers: new Headers({ cookie: 'partnero_partner=ann' }) })?.key,
    ).toBe('ann');
  });

  it.each([
    ['headers as they were written', { headers: { Cookie: 'partnero_partner=ann' } }],
    ['bare headers as they were written', { COOKIE: 'partnero_partner=ann' }],
    ['bare headers with one called key', { key: 'a-secret', cookie: 'partnero_partner=ann' }],
    ['the same as they were written', { key: 'a-secret', Cookie: 'partnero_partner=ann' }],
    ['a query as URLSearchParams', { headers: {}, query: new URLSearchParams('aff=ann') }],
    ['an address with a fragment', { headers: {}, url: 'https://x.example/?aff=ann#top' }],
  ])('is found in %s', (_, input) => {
    expect(reader().fromAny(input)?.key).toBe('ann');
  });

  it('has another name in a refer-a-friend program', () => {
    const both = withCookie('partnero_partner=partner; partnero_referral=friend');
    expect(reader({}, 'refer-a-friend').fromRequest(both)?.key).toBe('friend');
    expect(reader({ cookie: 'mine' }).fromRequest(withCookie('mine=x'))?.key).toBe('x');
  });

  it('never throws, whatever the header', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (before, after) => {
        const values = cookieValues(`${before};partnero_partner=ann;${after}`, 'partnero_partner');
        expect(values).toContain('ann');
      }),
    );
  });
});

describe('rubbish where a key belongs', () => {
  it.each(['', ' ', '\t', 'null', 'undefined', '[object Object]'])('%j is no key', (value) => {
    const refused: unknown[] = [];
    const found = reader().fromRequest({ headers: {}, query: { aff: value } }, (...args) =>
      refused.push(args),
    );
    expect(found).toBeNull();
    expect(refused).toEqual([]);
  });

  it.each([
    ['too_long', 'a'.repeat(256)],
    ['control_characters', 'a\u0000b'],
    ['control_characters', 'a\u009fb'],
    ['control_characters', 'a\ud800b'],
  ])('%s is refused, said, and never cut', (why, value) => {
    const refused: unknown[] = [];
    const found = reader().fromRequest({ headers: {}, query: { aff: value } }, (...args) =>
      refused.push(args),
    );
    expect(found).toBeNull();
    expect(refused).toEqual([['query', why]]);
  });

  it('goes on to the next source', () => {
    const request = {
      headers: { cookie: 'partnero_partner=ann' },
      query: { aff: 'a'.repeat(256) },
    };
    expect(reader().fromRequest(request)).toMatchObject({ key: 'ann', source: 'cookie' });
  });

  it('takes a key of exactly the longest length', () => {
    const key = 'a'.repeat(255);
    expect(reader().fromRequest({ headers: {}, query: { aff: key } })?.key).toBe(key);
    expect(
      reader({ maxLength: 3 }).fromRequest({ headers: {}, query: { aff: 'abcd' } }),
    ).toBeNull();
  });
});

describe('sources', () => {
  const request = {
    headers: { cookie: 'partnero_partner=cookie', 'x-partner': 'header' },
    query: { aff: 'query', via: 'via' },
    body: { partner: 'body' },
  };

  it('asks query, then cookie', () => {
    expect(reader().fromRequest(request)).toMatchObject({ key: 'query', source: 'query' });
  });

  it('asks header and body between them, where they are named', () => {
    const options = { header: 'X-Partner', bodyField: 'partner' };
    const { query: _, ...noQuery } = request;
    expect(reader(options).fromRequest(noQuery)).toMatchObject({ key: 'header', source: 'header' });
    const noHeader = { ...noQuery, headers: { cookie: 'partnero_partner=cookie' } };
    expect(reader(options).fromRequest(noHeader)).toMatchObject({ key: 'body', source: 'body' });
  });

  it('asks in the order given, and only those given', () => {
    expect(reader({ sources: ['cookie', 'query'] }).fromRequest(request)?.key).toBe('cookie');
    expect(
      reader({ sources: ['query'] }).fromRequest(withCookie('partnero_partner=ann')),
    ).toBeNull();
  });

  it('asks the parameters in the order given', () => {
    expect(reader({ params: ['none', 'via', 'aff'] }).fromRequest(request)?.key).toBe('via');
  });

  it.each([
    ['the first of a list', { aff: ['A', 'B'] }, 'A'],
    ['the first text of a list', { aff: [{}, 'B'] }, 'B'],
    ['nothing of an object', { aff: { x: '1' } }, undefined],
    ['nothing of a number', { aff: 1 }, undefined],
    ['nothing inherited', Object.create({ aff: 'ann' }) as object, undefined],
  ])('takes %s', (_, query, key) => {
    expect(reader().fromRequest({ headers: {}, query })?.key).toBe(key);
    const body = query;
    expect(reader({ bodyField: 'aff' }).fromRequest({ headers: {}, body })?.key).toBe(key);
  });

  it('takes a field of a form as @fastify/multipart leaves it with attachFieldsToBody: true', () => {
    const body = { aff: { type: 'field', fieldname: 'aff', value: 'ann', encoding: '7bit' } };
    expect(reader({ bodyField: 'aff' }).fromRequest({ headers: {}, body })?.key).toBe('ann');
  });

  it.each([undefined, null, 'text', 7, []])('reads nothing from the body %j', (body) => {
    expect(reader({ bodyField: 'aff' }).fromRequest({ headers: {}, body })).toBeNull();
  });

  it('reads the URL where nothing has parsed it', () => {
    expect(reader().fromRequest({ headers: {}, url: '/x?aff=A%20b&aff=B' })?.key).toBe('A b');
    expect(reader().fromRequest({ headers: {}, url: '/x?aff[x]=1' })).toBeNull();
    expect(reader().fromRequest({ headers: {}, url: '/x?aff=%E0%A4%A' })?.key).toBeDefined();
    expect(reader().fromRequest(new Request('http://x/y?aff=ann'))?.key).toBe('ann');
  });

  it('refuses options that contradict each other', () => {
    expect(() => reader({ sources: ['header'] })).toThrow('referral.header');
    expect(() => reader({ sources: ['query'], bodyField: 'x' })).toThrow('referral.sources');
    expect(() => reader({ sources: ['session' as 'query'] })).toThrow('referral.sources');
    expect(() => reader({ params: [''] })).toThrow('referral.params');
    expect(() => reader({ maxLenght: 3 } as ReferralOptions)).toThrow('referral.maxLenght');
  });
});

describe('anything that may tell who sent a visitor', () => {
  it.each([
    ['a request', withCookie('partnero_partner=ann')],
    ['headers', { cookie: 'partnero_partner=ann' }],
    ['Fetch headers', new Headers({ cookie: 'partnero_partner=ann' })],
    ['a key', { key: 'ann' }],
    ['a referral', reader().fromAny({ key: 'ann' })],
    ['a token', reader().fromAny({ key: 'ann' })!.toToken()],
  ])('%s', (_, input) => {
    expect(reader().fromAny(input)?.key).toBe('ann');
  });

  it.each([undefined, null, 7, '', 'ann', {}, [], () => 'ann', { key: '' }, { key: 7 }])(
    'nothing in %j',
    (input) => {
      expect(reader().fromAny(input)).toBeNull();
    },
  );
});

describe('a token', () => {
  const token = (key: string) => reader().fromAny({ key })!.toToken();

  it('carries any key, and is safe in URLs', () => {
    fc.assert(
      fc.property(
        fc
          .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
          .filter((key) => reader().fromAny({ key }) !== null),
        (key) => {
          expect(token(key)).toMatch(/^[\w.~-]+$/);
          expect(reader().fromAny(token(key))).toMatchObject({ key: key.trim(), source: 'token' });
        },
      ),
    );
  });

  it('is refused when tampered with, foreign, too long or of another program type', () => {
    const good = token('ann');
    for (let i = 0; i < good.length; i += 1) {
      const bad = `${good.slice(0, i)}${good[i] === 'x' ? 'y' : 'x'}${good.slice(i + 1)}`;
      expect(reader().fromAny(bad)).toBeNull();
    }
    expect(reader().fromAny(`${good}.x`)).toBeNull();
    expect(reader().fromAny('eyJhbGciOiJIUzI1NiJ9.e30.sig')).toBeNull();
    expect(reader().fromAny(`pr1.${'A'.repeat(100_000)}.x`)).toBeNull();
    expect(reader({}, 'refer-a-friend').fromAny(good)).toBeNull();
  });

  it('is bounded, and carries the longest key that the options allow', () => {
    expect(token('a'.repeat(255))).toHaveLength(353);
    expect(token('日'.repeat(255)).length).toBeLessThan(1_040);
    const longest = reader({ maxLength: 4096 });
    const key = '日'.repeat(4096);
    expect(longest.fromAny(longest.fromAny({ key })!.toToken())?.key).toBe(key);
  });

  it('has one spelling', () => {
    const [prefix, body, check] = token('ann').split('.');
    for (const other of [`${body}=`, `${body}!`, ` ${body}`]) {
      expect(reader().fromAny(`${prefix}.${other}.${check}`)).toBeNull();
    }
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void reader().fromAny(text)));
  });
});
