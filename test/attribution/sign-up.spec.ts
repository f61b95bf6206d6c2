import { Body, Controller, Post } from '@nestjs/common';
import { AttributeReferral, PartneroService } from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { ADAPTERS, closeApps, partnero, startApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

@Controller()
class AuthController {
  @Post('signup')
  @AttributeReferral()
  signup(@Body() body: { id: string; email: string }) {
    return { id: body.id, email: body.email, passwordHash: 'secret' };
  }
}

describe.each(ADAPTERS)('a sign-up on %s', (adapter) => {
  let fake: FakePartnero;

  beforeEach(async () => {
    fake = await FakePartnero.start({ partners: ['ann'] });
  });

  afterEach(async () => {
    await closeApps();
    await fake.stop();
  });

  afterAll(removeTemporaryFolders);

  it('reaches Partnero under the partner of the cookie', async () => {
    const { url, app } = await startApp({
      adapter,
      imports: [partnero(fake)],
      controllers: [AuthController],
    });
    const response = await fetch(`${url}/signup`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie: 'x=1; partnero_partner=ann' },
      body: JSON.stringify({ id: 'user-1', email: 'a@b.example' }),
    });
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({
      id: 'user-1',
      email: 'a@b.example',
      passwordHash: 'secret',
    });
    await eventually(() => fake.customers.length === 1);
    expect(fake.requestsTo('POST /customers')[0]!.body).toEqual({
      key: 'user-1',
      email: 'a@b.example',
      partner: { key: 'ann' },
    });
    const stats = await eventually(async () => {
      const now = await app.get(PartneroService).outbox.stats();
      return now.pending === 0 && now;
    });
    expect(stats).toMatchObject({ queued: 1, pending: 0, dead: 0, outcomes: { attributed: 1 } });
  });
});
