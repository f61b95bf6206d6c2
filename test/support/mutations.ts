/** A delivery on its way, as it can be changed there. */
export interface OnTheWay {
  body: Buffer;
  signature: unknown;
}

export type Random = () => number;

/** The same numbers for the same seed (mulberry32), so that what fails once fails again. */
export function random(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const below = (n: number, next: Random) => Math.floor(next() * n);

type BodyMutation = (body: Buffer, next: Random) => Buffer;
type SignatureMutation = (signature: string, next: Random) => unknown;

const BODY: readonly BodyMutation[] = [
  function flipBit(body, next) {
    const copy = Buffer.from(body);
    copy[below(copy.length, next)]! ^= 1 << below(8, next);
    return copy;
  },
  function changeByte(body, next) {
    const copy = Buffer.from(body);
    copy[below(copy.length, next)] = below(256, next);
    return copy;
  },
  function drop(body, next) {
    const at = below(body.length, next);
    return Buffer.concat([body.subarray(0, at), body.subarray(at + 1 + below(8, next))]);
  },
  function insert(body, next) {
    const at = below(body.length + 1, next);
    const what = Buffer.from(['\0', ' ', '\n', '0', '}', 'é'][below(6, next)]!);
    return Buffer.concat([body.subarray(0, at), what, body.subarray(at)]);
  },
  function swap(body, next) {
    const copy = Buffer.from(body);
    const [a, b] = [below(copy.length, next), below(copy.length, next)];
    [copy[a], copy[b]] = [copy[b]!, copy[a]!];
    return copy;
  },
  function cut(body, next) {
    return body.subarray(0, below(body.length, next));
  },
  function repeat(body) {
    return Buffer.concat([body, body]);
  },
  function raise(body, next) {
    return Buffer.from(body.toString().replace(/\d/, () => String(below(10, next))));
  },
  function reformat(body) {
    return Buffer.from(JSON.stringify(JSON.parse(body.toString()), null, 1));
  },
];

const SIGNATURE: readonly SignatureMutation[] = [
  function changeDigit(signature, next) {
    const at = below(signature.length, next);
    const digit = '0123456789abcdefABCDEF'[below(22, next)]!;
    return signature.slice(0, at) + digit + signature.slice(at + 1);
  },
  (signature, next) => signature.slice(0, below(64, next)),
  (signature, next) => signature + '0123456789abcdef'[below(16, next)]!,
  (signature, next) => signature.slice(1 + below(8, next)).padEnd(64, '0'),
  (signature) => signature.split('').toReversed().join(''),
  (signature) => `sha256=${signature}`,
  (signature) => Buffer.from(signature, 'hex').toString('base64'),
  () => '0'.repeat(64),
  () => '',
  (signature, next) => {
    const other = '0123456789abcdef'[below(16, next)]!;
    return signature.replaceAll(other, '0123456789abcdef'[below(16, next)]!);
  },
];

/** What no header of fetch can hold, but a server’s request object may. */
const ODD: readonly SignatureMutation[] = [
  () => undefined,
  () => null,
  (signature) => [signature],
  (signature) => [signature, signature],
  (signature) => ({ toString: () => signature, length: 64 }),
  (signature) => `${signature.slice(0, 63)}\n`,
  (signature) => `${signature}\0`,
  (signature) =>
    signature.replace(/\d/, (digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0)),
  (signature) => Buffer.from(signature),
  () => 0,
  () => Number.NaN,
];

/** Changes one thing or another; never nothing. */
export function mutate(right: { body: Buffer; signature: string }, next: Random, odd: boolean) {
  for (;;) {
    const mutated: OnTheWay = { ...right };
    const what = next();
    if (what < 0.6) mutated.body = BODY[below(BODY.length, next)]!(right.body, next);
    if (what > 0.5) {
      const ways = odd ? [...SIGNATURE, ...ODD] : SIGNATURE;
      mutated.signature = ways[below(ways.length, next)]!(right.signature, next);
    }
    const { signature } = mutated;
    const same = typeof signature === 'string' && signature.toLowerCase() === right.signature;
    if (!same || !mutated.body.equals(right.body)) return mutated;
  }
}
