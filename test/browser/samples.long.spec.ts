import type { Server } from 'node:http';
import type { BrowserContext, Page } from 'playwright-core';
import {
  closeBrowsers,
  describeInBrowser,
  screenshot,
  startBrowser,
  startPartnerSite,
} from '../support/browser.js';
import { eventually } from '../support/eventually.js';
import { endSamples, startSample } from '../support/sample-process.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const DAY_SECONDS = 86_400;

describeInBrowser()('a real browser', () => {
  let profile: string;
  let environment: Record<string, string>;
  let partnerSite: Server | undefined;

  beforeEach(() => {
    profile = temporaryFolder();
    environment = { PARTNERO_OUTBOX_PATH: `${temporaryFolder()}/outbox.db` };
  });

  afterEach(async () => {
    await closeBrowsers();
    partnerSite?.close();
    await endSamples();
  });

  afterAll(removeTemporaryFolders);

  /** Clicks Ann's link, on her own site. */
  async function comeBy(link: string, browser: BrowserContext): Promise<Page> {
    const { url, server } = await startPartnerSite(link);
    partnerSite = server;
    const page = await browser.newPage();
    await page.goto(url);
    await page.click('a');
    await page.waitForURL(link);
    return page;
  }

  const cookieOf = async (browser: BrowserContext) => {
    const cookies = await browser.cookies();
    return cookies.find(({ name }) => name === 'partnero_partner');
  };

  const readByScript = (page: Page) => page.evaluate('document.cookie');

  it('keeps the key of a link until its visitor comes back and signs up (sample/01)', async () => {
    const { url } = await startSample('01-sign-up', environment);
    const before = await startBrowser(profile);
    const landing = await comeBy(`${url}/?aff=ann`, before);
    expect(await landing.textContent('body')).toContain('ann’s link was remembered');
    await screenshot(landing, '01-landing');
    await landing.emulateMedia({ colorScheme: 'dark' });
    await screenshot(landing, '01-landing-dark');
    const cookie = await cookieOf(before);
    expect(cookie).toMatchObject({
      value: 'ann',
      domain: 'localhost',
      path: '/',
      sameSite: 'Lax',
      secure: false,
      httpOnly: false,
    });
    const days = (cookie!.expires - Date.now() / 1_000) / DAY_SECONDS;
    expect(days).toBeGreaterThan(29.9);
    expect(days).toBeLessThanOrEqual(30);
    // As Partnero's own script reads it.
    expect(await readByScript(landing)).toBe('partnero_partner=ann');
    await landing.click('text=Sign up');
    expect(await landing.title()).toBe('Sign up');
    await before.close();

    const after = await startBrowser(profile);
    const page = await after.newPage();
    await page.goto(`${url}/signup`);
    await page.fill('[name=name]', 'Ada');
    await page.fill('[name=email]', 'ada@example.com');
    await page.click('button');
    await page.waitForURL(`${url}/account/*`);
    await screenshot(page, '01-account');
    await page.click('text=Was this sign-up credited');
    // The page loads itself again.
    await page.waitForSelector('text=was credited to ann.', { timeout: 15_000 });
    await screenshot(page, '01-dashboard', true);
  }, 60_000);

  it('carries the key from www over app to api (sample/06)', async () => {
    const { url, output } = await startSample('06-subdomains', environment);
    await eventually(() => output().includes('/status/'));
    const browser = await startBrowser(profile);
    const page = await comeBy(`${url}/?aff=ann`, browser);
    expect(await cookieOf(browser)).toMatchObject({ value: 'ann', domain: '.example.localhost' });
    await page.click('text=Pricing');
    await screenshot(page, '06-www');
    await page.click('text=Sign up');
    await page.waitForURL('http://app.example.localhost:*/signup');
    await page.fill('[name=email]', 'ada@example.com');
    const [call] = await Promise.all([
      page.waitForRequest((request) => request.method() === 'POST'),
      page.click('button'),
    ]);
    expect((await call.allHeaders())['cookie']).toContain('partnero_partner=ann');
    const id = await eventually(async () => {
      const answer = await page.textContent('#answer');
      return /Welcome, (\S+)/.exec(answer ?? '')?.[1];
    });
    await screenshot(page, '06-app');
    const status = new URL(`/status/${id}`, call.url());
    status.hostname = 'localhost';
    const entries = await eventually(async () => {
      const found = (await (await fetch(status)).json()) as { state: string }[];
      return found[0]?.state === 'completed' && found;
    });
    expect(entries).toMatchObject([{ outcome: 'attributed', referralKey: 'ann' }]);
  }, 60_000);

  it('sends no cookie with a POST from the provider, so the state brings the key (sample/03)', async () => {
    const { url } = await startSample('03-social-login', environment);
    const browser = await startBrowser(profile);
    const page = await comeBy(`${url}/?aff=ann`, browser);
    await page.click('text=Sign in with Apple');
    const [callback] = await Promise.all([
      page.waitForRequest((request) => request.method() === 'POST'),
      page.click('text=Continue as ada'),
    ]);
    expect(callback.url()).toBe(`${url}/auth/apple/callback`);
    expect(await callback.allHeaders()).not.toHaveProperty('cookie');
    expect(await cookieOf(browser)).toMatchObject({ value: 'ann' });
    await page.waitForURL(`${url}/status/*`);
    const entries = await eventually(async () => {
      const found = (await (await fetch(page.url())).json()) as { state: string }[];
      return found[0]?.state === 'completed' && found;
    });
    expect(entries).toMatchObject([{ outcome: 'attributed', referralKey: 'ann' }]);
    await screenshot(page, '03-status');
  }, 60_000);
});
