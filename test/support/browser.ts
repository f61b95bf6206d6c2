import { existsSync, mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type BrowserContext, type Page } from 'playwright-core';

const ARTEFACTS = fileURLToPath(new URL('../../artefacts', import.meta.url));

const places = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
const executablePath = places.find((path) => path && existsSync(path));

/**
 * `describe`, where there is a browser; else what it would describe is skipped, and that is said.
 * @throws if nothing may be skipped
 */
export function describeInBrowser(): jest.Describe {
  if (executablePath) return describe;
  const missing = 'no Chromium was found. Install it, or give its path in CHROMIUM.';
  if (process.env['NOTHING_SKIPPED']) throw new Error(`Nothing may be skipped, but ${missing}`);
  console.warn(`Skipped: what a real browser does; ${missing}`);
  return describe.skip;
}

const open = new Set<BrowserContext>();

/** A browser with a memory: what it keeps in `folder` is there when it is started again. */
export async function startBrowser(
  folder: string,
  { javaScriptEnabled = true } = {},
): Promise<BrowserContext> {
  const context = await chromium.launchPersistentContext(folder, {
    javaScriptEnabled,
    executablePath: executablePath!,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  open.add(context);
  context.once('close', () => open.delete(context));
  return context;
}

/** For `afterEach`. */
export async function closeBrowsers(): Promise<void> {
  await Promise.all([...open].map((context) => context.close()));
}

export async function screenshot(page: Page, name: string, fullPage = false): Promise<void> {
  mkdirSync(ARTEFACTS, { recursive: true });
  await page.screenshot({ path: join(ARTEFACTS, `${name}.png`), fullPage });
}

/** Ann's own site, with her link on it. */
export async function startPartnerSite(link: string): Promise<{ url: string; server: Server }> {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><title>Ann's blog</title><a href="${link}">What I use</a>`);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server };
}
