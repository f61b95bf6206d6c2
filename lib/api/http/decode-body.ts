import { brotliDecompress, gunzip, inflate, type CompressCallback } from 'node:zlib';
import { BAD_RESPONSE, MAX_BYTES } from './transport.js';

type Decompress = (
  body: Buffer,
  options: { maxOutputLength: number },
  done: CompressCallback,
) => void;

const DECOMPRESS: ReadonlyMap<string, Decompress> = new Map<string, Decompress>([
  ['gzip', gunzip],
  ['deflate', inflate],
  ['br', brotliDecompress],
]);

/** The text of a body that came compressed. Rejects with {@link BAD_RESPONSE} if it is none. */
export function decompressed(body: Buffer, encoding: string): Promise<string> {
  const decompress = DECOMPRESS.get(encoding.trim().toLowerCase());
  return new Promise((resolve, reject) => {
    if (!decompress) return reject(badResponse());
    decompress(body, { maxOutputLength: MAX_BYTES }, (error, plain) => {
      if (error) reject(badResponse());
      else resolve(plain.toString('utf8'));
    });
  });
}

/** What an answer that can't be read is rejected with. */
export function badResponse(): Error {
  return Object.assign(new Error('The answer cannot be read.'), { code: BAD_RESPONSE });
}
