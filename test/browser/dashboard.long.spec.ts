import { Injectable, type CanActivate } from '@nestjs/common';
import { sqliteOutbox } from 'nestjs-partnero';
import { PartneroDashboardModule } from 'nestjs-partnero/dashboard';
import { FakePartnero } from 'nestjs-partnero/testing';
import type { Page } from 'playwright-core';
import { closeApps, partnero, startApp, type AdapterName } from '../support/app.js';
import { closeBrowsers, describeInBrowser, screenshot, startBrowser } from '../support/browser.js';
import { fillOutbox } from '../support/dashboard.js';
import { eventually } from '../support/eventually.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

@Injectable()
class EveryoneGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

describeInBrowser()('the dashboard in a real browser', () => {
  let fake: FakePartnero;
  let page: Page;
  /** What the browser complained about, such as styles that the policy refuses. */
  let complaints: string[];

  beforeEach(async () => {
    fake = await FakePartnero.start({ partners: ['ann', 'bob', 'cem'] });
    complaints = [];
  });

  afterEach(async () => {
    await closeBrowsers();
    await closeApps();
    await fake.stop();
  });

  afterAll(removeTemporaryFolders);

  async function open(adapter: AdapterName = 'express'): Promise<string> {
    const outbox = sqliteOutbox({ path: `${temporaryFolder()}/outbox.db` });
    await fillOutbox(outbox);
    const { url } = await startApp({
      adapter,
      imports: [
        partnero(fake, { outbox }),
        PartneroDashboardModule.forRoot({ guards: [EveryoneGuard], actions: true }),
      ],
    });
    const browser = await startBrowser(temporaryFolder(), { javaScriptEnabled: false });
    page = await browser.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page.route('**/favicon.ico', (route) => route.fulfill({ status: 204 }));
    await page.goto(`${url}/partnero`);
    return url;
  }

  const focused = () => page.locator(':focus').textContent();

  it.each(['light', 'dark'] as const)('shows sign-ups, in %s colours', async (colorScheme) => {
    await open();
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width: 1_000, height: 1_000 });
    await screenshot(page, `dashboard-${colorScheme}`, true);
    expect(complaints).toEqual([]);
  });

  it.each(['express', 'fastify'] as const)(
    'answers a search and requeues a dead letter with the keyboard alone, without JavaScript, on %s',
    async (adapter) => {
      const url = await open(adapter);
      await page.keyboard.press('Tab');
      expect(await focused()).toBe('Skip to the content');
      await page.getByLabel("The customer's id in your app").focus();
      await page.keyboard.type('user-62');
      await page.keyboard.press('Enter');
      await page.waitForURL(`${url}/partnero?customer=user-62`);
      await page
        .getByText('Customer user-62 was credited to nobody: Partnero responded 422 (email)')
        .waitFor();
      await page.getByRole('button', { name: 'Requeue: attribution of user-66' }).focus();
      await page.keyboard.press('Enter');
      await page.waitForURL(`${url}/partnero?requeued=1`);
      expect(await page.getByRole('status').textContent()).toBe('1 requeued.');
      await eventually(() => fake.customers.some(({ key }) => key === 'user-66'));
      expect(complaints).toEqual([]);
    },
  );

  it('is read out in order: headings, the plot, tables with captions', async () => {
    await open();
    const headings = await page.getByRole('heading').allTextContents();
    expect(headings).toEqual([
      'Partnero',
      'Status',
      "Why was, or wasn't, a customer credited?",
      'Sign-ups',
      'Dead letters',
      'Webhooks received',
    ]);
    await page.getByRole('img', { name: /^Sign-ups from .* by outcome: 67$/ }).waitFor();
    await page.getByText('The same numbers as a table').click();
    const plotted = page.getByRole('table', { name: 'Sign-ups by time and outcome' });
    const columns = await plotted.getByRole('columnheader').allTextContents();
    expect(columns.slice(0, 2)).toEqual(['From', 'attributed']);
    const dead = page.getByRole('table', { name: '1 dead letter' });
    expect(await dead.getByRole('rowheader').allTextContents()).toEqual(['user-66']);
  });

  it('loads itself again if it is asked to, until that is stopped', async () => {
    const url = await open();
    await page.goto(`${url}/partnero?refresh=1`);
    await page.waitForEvent('load');
    await page.click('text=Stop that');
    await page.waitForURL(`${url}/partnero?`);
    expect(await page.locator('meta[http-equiv=refresh]').count()).toBe(0);
  });
});
