import { postgresOutbox } from 'nestjs-partnero/postgres';
import { describeAsyncContext } from '../support/async-context.js';
import { onPostgres, type Place } from '../support/stores.js';

let postgres: Place;

beforeAll(async () => {
  postgres = await onPostgres();
});

afterAll(() => postgres.leave());

describe('with postgresOutbox()', () => {
  describeAsyncContext(() =>
    postgresOutbox({ connectionString: postgres.url, schema: postgres.newName() }),
  );
});
