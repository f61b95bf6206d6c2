import type { ServerResponse } from 'node:http';

/** What a response sets so far. */
export function cookiesOf(response: ServerResponse): string[] {
  return [response.getHeader('set-cookie') ?? []].flat().map(String);
}

/** Beside all others, and not twice. */
export function addCookies(response: ServerResponse, cookies: readonly string[]): void {
  const before = cookiesOf(response);
  const added = cookies.filter((cookie) => !before.includes(cookie));
  response.setHeader('set-cookie', [...before, ...added]);
}
