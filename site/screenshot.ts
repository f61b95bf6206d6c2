// npm run docs:screenshot
// Takes docs/images/sample-light.png and sample-dark.png: the page of sample 01 after a sign-up by a partner's link. Needs Chromium.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const folder = mkdtempSync(join(tmpdir(), 'nestjs-partnero-screenshot-'));
const env = {
  ...process.env,
  PORT: '0',
  PARTNERO_API_KEY: '',
  PARTNERO_OUTBOX_PATH: join(folder, 'outbox.db'),
};
const sample = spawn(process.execPath, ['dist/apps/sample/01-sign-up/main.js'], {
  env,
  stdio: ['ignore', 'pipe', 'inherit'],
});

/** The link that the sample prints once it runs. */
async function partnerLink(): Promise<string> {
  for await (const line of createInterface({ input: sample.stdout })) {
    const [url] = /http:\S+\?aff=ann/.exec(line) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error('The sample ended before it printed its link.');
}

try {
  const link = await partnerLink();
  const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  const page = await browser.newPage({ viewport: { width: 800, height: 500 } });
  await page.goto(link);
  await page.goto(new URL('/signup', link).href);
  await page.fill('[name=name]', 'Ada');
  await page.fill('[name=email]', 'ada@example.com');
  await page.click('button');
  await page.waitForURL('**/account/*');
  await page.getByText('Was this sign-up credited').click();
  await page.getByText('was credited to ann.').first().waitFor();
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: `docs/images/sample-${colorScheme}.png` });
  }
  await browser.close();
} finally {
  const ended = once(sample, 'exit');
  sample.kill();
  await ended;
  rmSync(folder, { recursive: true, force: true });
}
