import type { ServerResponse } from 'node:http';

/** Gets the status that the response leaves with. */
type Change = (status: number) => void;

const CHANGES = Symbol('nestjs-partnero:before-headers');

/**
 * Makes a change at the last moment before a response's headers leave, in the order of the calls:
 * then everything that the app sets is known, and nothing of it can replace ours. Fastify hands its
 * headers over no sooner. A fake response, as unit tests have it, is left alone.
 */
export function beforeHeaders(response: ServerResponse, change: Change): void {
  if (typeof response.writeHead !== 'function') return;
  const marked = response as ServerResponse & { [CHANGES]?: Change[] };
  if (marked[CHANGES]) {
    marked[CHANGES].push(change);
    return;
  }
  const changes = (marked[CHANGES] = [change]);
  const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
  response.writeHead = (status: number, ...rest: unknown[]) => {
    const message = takeOver(response, rest);
    for (const each of changes) quietly(() => each(status));
    return message === undefined ? writeHead(status) : writeHead(status, message);
  };
}

/** Sets what `writeHead` was given, as Node does where headers have been set before; its message. */
function takeOver(response: ServerResponse, [first, second]: unknown[]): string | undefined {
  const message = typeof first === 'string' ? first : undefined;
  const headers = second ?? (message === undefined ? first : undefined);
  if (Array.isArray(headers)) setList(response, headers);
  else if (headers) {
    for (const [name, value] of Object.entries(headers)) {
      if (name) response.setHeader(name, value as string);
    }
  }
  return message;
}

/** Name, value, name, value; or pairs of them. A name may come more than once. */
function setList(response: ServerResponse, list: unknown[]): void {
  const flat = (Array.isArray(list[0]) ? list.flat() : list) as string[];
  const names = flat.filter((_, index) => index % 2 === 0);
  for (const name of names) response.removeHeader(name);
  for (const [index, name] of names.entries()) response.appendHeader(name, flat[index * 2 + 1]!);
}

function quietly(change: () => void): void {
  try {
    change();
  } catch {
    // A page is never failed by a cookie.
  }
}
