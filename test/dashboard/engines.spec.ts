import {
  inlineOutbox,
  PartneroService,
  sqliteOutbox,
  type OutboxDefinition,
} from 'nestjs-partnero';
import { bullmqOutbox } from 'nestjs-partnero/bullmq';
import { PartneroDashboardModule } from 'nestjs-partnero/dashboard';
import { postgresOutbox } from 'nestjs-partnero/postgres';
import { FakePartnero } from 'nestjs-partnero/testing';
import { closeApps, partnero, startApp } from '../support/app.js';
import { hasPostgres } from '../support/postgres-server.js';
import { hasRedis } from '../support/redis-server.js';
import { settled } from '../support/sign-up-client.js';
import { onPostgres, onRedis, type Place } from '../support/stores.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const nowhere: Place = { url: '', newName: temporaryFolder, leave: () => Promise.resolve() };

type Engine = [
  name: string,
  at: () => Promise<Place>,
  define: (place: Place) => OutboxDefinition,
  keepsHistory: boolean,
];

const engines: Engine[] = [
  [
    'sqliteOutbox()',
    () => Promise.resolve(nowhere),
    ({ newName }) => sqliteOutbox({ path: `${newName()}/outbox.db` }),
    true,
  ],
  ['inlineOutbox()', () => Promise.resolve(nowhere), () => inlineOutbox(), false],
];
if (hasPostgres) {
  engines.push([
    'postgresOutbox()',
    onPostgres,
    ({ url, newName }) => postgresOutbox({ connectionString: url, schema: newName() }),
    true,
  ]);
}
if (hasRedis) {
  engines.push([
    'bullmqOutbox()',
    onRedis,
    ({ url, newName }) => bullmqOutbox({ connection: url, prefix: newName() }),
    true,
  ]);
}

describe.each(engines)('the dashboard on %s', (_name, at, define, keepsHistory) => {
  let place: Place;
  let fake: FakePartnero;

  beforeAll(async () => {
    place = await at();
    fake = await FakePartnero.start({ partners: ['ann'] });
  });

  afterEach(closeApps);

  afterAll(async () => {
    await fake.stop();
    await place.leave();
    removeTemporaryFolders();
  });

  it('counts and plots sign-ups, and says where there is no history', async () => {
    const { app, url } = await startApp({
      imports: [
        partnero(fake, { outbox: define(place) }),
        PartneroDashboardModule.forRoot({ guards: [] }),
      ],
    });
    const service = app.get(PartneroService);
    await service.attribute({ key: 'ann' }, { id: 'user-1' });
    await service.attribute({ key: 'gone' }, { id: 'user-2' });
    await settled(app, 2);
    const body = await (await fetch(`${url}/partnero?customer=user-1`)).text();
    expect(body).toMatch(/<td>attributed<\/td>\s*<td>credited to the referrer<\/td>\s*<td>1<\/td>/);
    if (keepsHistory) {
      expect(body).toContain('Customer user-1 was credited to ann.');
      expect(body).toMatch(/<title>[^<]+: 1 attributed<\/title>/);
      expect(body).toMatch(/<title>[^<]+: 1 unknown_partner<\/title>/);
    } else {
      expect(body).toContain('This outbox keeps none');
      expect(body).not.toContain('<svg');
    }
  });
});
