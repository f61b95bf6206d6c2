import { Readable } from 'node:stream';
import { HttpService } from '@nestjs/axios';
import { Test } from '@nestjs/testing';
import axios from 'axios';
import { getPartneroTokens, PartneroModule, PartneroService, sqliteOutbox } from 'nestjs-partnero';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

afterAll(removeTemporaryFolders);

const imports = () => [
  PartneroModule.forRoot({
    apiKey: 'a-key',
    baseUrl: 'http://127.0.0.1:1',
    verifyOnBoot: false,
    outbox: sqliteOutbox({ path: `${temporaryFolder()}/outbox.db` }),
  }),
];

it('a test may override the provider that calls Partnero', async () => {
  const sent: unknown[] = [];
  const send = (request: { path: unknown }) => {
    sent.push(request.path);
    return Promise.resolve({ data: { program: { type: 'affiliate', pub_id: 'P1' } }, status: 1 });
  };
  const module = await Test.createTestingModule({ imports: imports() })
    .overrideProvider(getPartneroTokens().calls)
    .useValue({ send })
    .compile();
  expect(await module.get(PartneroService).ping()).toEqual({ type: 'affiliate', publicId: 'P1' });
  expect(sent).toEqual([['test']]);
  await module.close();
});

it('a test may override the HttpService that sends requests', async () => {
  const urls: unknown[] = [];
  const request = ({ url }: { url: string }) => {
    urls.push(url);
    const body = '{"status":1,"data":{"program":{"type":"affiliate"}}}';
    const data = Readable.from([Buffer.from(body)]);
    return Promise.resolve({ status: 200, headers: {}, data });
  };
  const module = await Test.createTestingModule({ imports: imports() })
    .overrideProvider(getPartneroTokens().http)
    .useValue({ axiosRef: { request } })
    .compile();
  expect(await module.get(PartneroService).ping()).toMatchObject({ type: 'affiliate' });
  expect(urls).toEqual(['http://127.0.0.1:1/test']);
  await module.close();
});

it('requests are sent by a HttpService of our own', async () => {
  const module = await Test.createTestingModule({ imports: imports() }).compile();
  const http = module.get<HttpService>(getPartneroTokens().http);
  expect(http).toBeInstanceOf(HttpService);
  expect(http.axiosRef).not.toBe(axios);
  await module.close();
});

it('a test may override the outbox, and then nothing is queued', async () => {
  const module = await Test.createTestingModule({ imports: imports() })
    .overrideProvider(getPartneroTokens().outbox)
    .useValue({ mode: 'disabled', engine: null, queue: null })
    .compile();
  await module.init();
  const partnero = module.get(PartneroService);
  expect(await partnero.attribute({ key: 'ann' }, { id: 'user-1' })).toBe('disabled');
  await module.close();
});
