import { headerOf, textOf } from '../request-fields.js';

const ASSET =
  /\.(?:avif|bmp|css|csv|eot|gif|gz|ico|jpe?g|js|json|map|mjs|mp[34]|og[gv]|otf|pdf|png|svg|ttf|txt|wasm|wav|web[mp]|webmanifest|woff2?|xml|zip)$/i;

/** Whether a visitor opens a page with this request, as after a click on a link. */
export function isLanding(request: unknown): boolean {
  if (textOf(request, 'method') !== 'GET') return false;
  // Not `iframe`: a frame that nobody sees would credit its owner with every visitor of another page.
  const destination = headerOf(request, 'sec-fetch-dest');
  if (destination !== undefined) return destination === 'document';
  // Plain HTTP, an old browser, or none at all.
  return takesPages(headerOf(request, 'accept')) && !ASSET.test(pathOf(request));
}

/** A list without HTML asks for what it names, whatever it ends in: an image, JSON. */
function takesPages(accept = ''): boolean {
  return ['', '*/*'].includes(accept.trim()) || /\b(?:text\/html|xhtml\+xml)\b/i.test(accept);
}

function pathOf(request: unknown): string {
  const url = textOf(request, 'originalUrl') ?? textOf(request, 'url') ?? '';
  return url.split(/[?#]/, 1)[0] ?? '';
}
