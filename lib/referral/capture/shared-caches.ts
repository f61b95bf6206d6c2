import type { ServerResponse } from 'node:http';

/** What CDNs obey before `Cache-Control`. */
const FOR_CDNS = /^(?:.+-)?cdn-cache-control$|^surrogate-control$/i;
const DIRECTIVE = /[^\s,=]+(?:\s*=\s*(?:"[^"]*"|[^,]*))?/g;
/** Said to shared caches, and of no use beside `private`. */
const FOR_SHARED = /^(?:public|proxy-revalidate|(?:s-maxage|private)\s*=.*)$/i;

/**
 * Keeps shared caches from storing a response: a visitor who is served from there would be given
 * another partner's cookie, or none. What the app says to the visitor's own browser stays.
 */
export function keepFromSharedCaches(response: ServerResponse): void {
  const given = textOf(response, 'cache-control');
  const directives = given.match(DIRECTIVE)?.map((directive) => directive.trim()) ?? [];
  if (!directives.some((directive) => /^(?:private|no-store)$/i.test(directive))) {
    const kept = directives.filter((directive) => !FOR_SHARED.test(directive));
    response.setHeader('cache-control', ['private', ...kept].join(', '));
  }
  for (const name of response.getHeaderNames()) {
    if (FOR_CDNS.test(name)) response.setHeader(name, 'no-store');
  }
  varyByCookie(response);
}

/** Else a browser shows its own copy to a visitor who comes by another link in between. */
function varyByCookie(response: ServerResponse): void {
  const given = textOf(response, 'vary');
  if (/(?:^|,)\s*(?:\*|cookie)\s*(?:,|$)/i.test(given)) return;
  response.setHeader('vary', given === '' ? 'Cookie' : `${given}, Cookie`);
}

function textOf(response: ServerResponse, name: string): string {
  return [response.getHeader(name) ?? []].flat().join(', ');
}
