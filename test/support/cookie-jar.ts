interface KeptCookie {
  readonly name: string;
  readonly value: string;
  readonly domain: string;
  /** Without a Domain attribute: for this host alone. */
  readonly hostOnly: boolean;
  readonly path: string;
  readonly sameSite: string;
}

/** Cookies as browsers handle them: domains, paths, SameSite. Over plain HTTP, no `Secure`. */
export class Jar {
  private cookies: KeptCookie[] = [];

  keep({ hostname }: URL, lines: readonly string[]): void {
    for (const line of lines) {
      const [pair = '', ...rest] = line.split(/;\s*/);
      const attributes = new Map(
        rest.map((each) => {
          const [name = '', value = ''] = each.split('=');
          return [name.toLowerCase(), value] as const;
        }),
      );
      const domain = attributes.get('domain') ?? hostname;
      if (!isWithin(hostname, domain) || attributes.has('secure')) continue;
      const [name = '', value = ''] = pair.split('=');
      const hostOnly = !attributes.has('domain');
      const path = attributes.get('path') ?? '/';
      const sameSite = attributes.get('samesite')?.toLowerCase() ?? 'lax';
      this.cookies = this.cookies.filter(
        (kept) => kept.name !== name || kept.domain !== domain || kept.hostOnly !== hostOnly,
      );
      if (attributes.get('max-age') === '0') continue;
      this.cookies.push({ name, value, domain, hostOnly, path, sameSite });
    }
  }

  cookieFor(url: URL, from: string | undefined, isTopLevelGet: boolean): string {
    const sameSite = from === undefined || siteOf(new URL(from)) === siteOf(url);
    return this.cookies
      .filter(({ domain, hostOnly, path }) => {
        const here = hostOnly ? url.hostname === domain : isWithin(url.hostname, domain);
        return here && url.pathname.startsWith(path);
      })
      .filter((cookie) => {
        if (sameSite || cookie.sameSite === 'none') return true;
        return cookie.sameSite === 'lax' && isTopLevelGet;
      })
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }
}

function isWithin(host: string, domain: string): boolean {
  return `.${host}`.endsWith(`.${domain}`);
}

/** The last two labels, which is enough for the names in our tests. */
function siteOf({ hostname }: URL): string {
  return /^[\d.]+$/.test(hostname) ? hostname : hostname.split('.').slice(-2).join('.');
}
