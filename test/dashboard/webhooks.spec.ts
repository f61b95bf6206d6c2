import { PartneroModule, sqliteOutbox } from 'nestjs-partnero';
import { PartneroDashboardModule } from 'nestjs-partnero/dashboard';
import { closeApps, startApp } from '../support/app.js';
import { deliver, SECRET } from '../support/deliveries.js';
import {
  callsOf,
  Commissions,
  failing,
  forgetCalls,
  inboxOf,
  path,
  sale,
} from '../support/event-handlers.js';
import { WebhookController } from '../support/webhook.controller.js';
import { eventually } from '../support/eventually.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

beforeEach(forgetCalls);
afterEach(closeApps);
afterAll(removeTemporaryFolders);

it('shows the events received, and requeues one that its handler failed on', async () => {
  failing.add('add');
  const running = await startApp({
    options: { rawBody: true },
    imports: [
      PartneroModule.forRoot({
        outbox: sqliteOutbox({ path }),
        webhooks: { secret: SECRET },
        delivery: { initialBackoffMs: 10, maxBackoffMs: 50, maxAgeDays: 0 },
      }),
      PartneroDashboardModule.forRoot({ guards: [], actions: true }),
    ],
    controllers: [WebhookController],
    providers: [Commissions],
  });
  const page = async () => (await fetch(`${running.url}/partnero`)).text();
  expect(await page()).toContain('No event was saved for a handler.');
  await deliver(`${running.url}/hook`, sale());
  await eventually(async () => (await inboxOf(running).stats()).pending === 0);
  const body = await page();
  expect(body).toMatch(
    /<th scope="row">Commissions\.add<\/th>\s*<td>1<\/td>\s*<td>0<\/td>\s*<td>1<\/td>/,
  );
  expect(body).toContain('The handler failed on it for too long: it threw RangeError.');
  expect(body).toContain('handled: the handler completed.');
  failing.clear();
  const [, action] = /action="([^"]+requeue\/inbox\?id=[^"]+)"/.exec(body)!;
  const response = await fetch(new URL(action!, `${running.url}/partnero`), {
    method: 'POST',
    headers: { 'sec-fetch-site': 'same-origin' },
  });
  expect(await response.text()).toContain('1 requeued.');
  await eventually(() => callsOf('add').length === 2);
});
