// The README's quick start, as a user types it; compiled and run in each consumer project.
import 'reflect-metadata';
import { Body, Controller, Injectable, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  AttributeReferral,
  PartneroModule,
  PartneroService,
  Referral,
  sqliteOutbox,
} from 'nestjs-partnero';
import type { CustomerInput, Outcome, ReferralContext } from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';

@Injectable()
class Users {
  constructor(private readonly partnero: PartneroService) {}

  create(email: string): CustomerInput & { id: string } {
    return { id: `user-${email}`, email };
  }

  stats() {
    return this.partnero.outbox.stats();
  }
}

@Controller()
class AuthController {
  constructor(private readonly users: Users) {}

  @Post('signup')
  @AttributeReferral()
  signup(@Body() body: { email: string }, @Referral() referral: ReferralContext) {
    if (referral.key !== 'ann') throw new Error('the referral was not read');
    return this.users.create(body.email);
  }
}

async function main(): Promise<void> {
  const fake = await FakePartnero.start({ partners: ['ann'] });
  const outcomes: Outcome[] = [];

  @Module({
    imports: [
      PartneroModule.forRoot({
        apiKey: fake.apiKey,
        baseUrl: fake.baseUrl,
        outbox: sqliteOutbox({ path: 'data/outbox.db' }),
        onOutcome: (outcome) => outcomes.push(outcome),
      }),
    ],
    controllers: [AuthController],
    providers: [Users],
  })
  class AppModule {}

  const app = await NestFactory.create(AppModule, { logger: ['warn', 'error'] });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as { port: number };
  const response = await fetch(`http://127.0.0.1:${port}/signup`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie: 'partnero_partner=ann' },
    body: JSON.stringify({ email: 'ada@example.com' }),
  });
  if (response.status !== 201) throw new Error(`the sign-up was answered ${response.status}`);
  for (let i = 0; i < 200 && outcomes.length === 0; i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const [customer] = fake.customers;
  const stats = await app.get(Users).stats();
  if (outcomes[0]?.outcome !== 'attributed' || customer?.email !== 'ada@example.com') {
    throw new Error(`not attributed: ${JSON.stringify({ outcomes, stats })}`);
  }
  await app.close();
  await fake.stop();
  console.log(`attributed on Node ${process.versions.node}: ${JSON.stringify(stats.outcomes)}`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
