import { postgresOutbox } from 'nestjs-partnero/postgres';
import { describeChannels } from '../support/channels.js';
import { onPostgres, type Place } from '../support/stores.js';

let postgres: Place;

beforeAll(async () => {
  postgres = await onPostgres();
});

afterAll(() => postgres.leave());

describe('with postgresOutbox()', () => {
  describeChannels(() =>
    postgresOutbox({ connectionString: postgres.url, schema: postgres.newName() }),
  );
});
