import { NestFactory } from '@nestjs/core';
import { connectToPartnero } from '../partnero.connection.js';
import { AppModule } from './app.module.js';
import { FakePaymentProvider } from './fake-payment-provider.js';

// Is the payment provider connected in Partnero? Then it records the sales there itself.
const isConnected = process.env['PAYMENTS'] === 'connected';
const app = await NestFactory.create(AppModule.with(await connectToPartnero(), isConnected));
app.enableShutdownHooks();
await app.listen(Number(process.env['PORT'] ?? 3000));

const url = (await app.getUrl()).replace('[::1]', 'localhost');
app.get(FakePaymentProvider).deliverTo(`${url}/webhooks/payments`);
console.log(`
${
  isConnected
    ? 'The payment provider is connected in Partnero: it records the sales there.'
    : 'The payment provider is not connected in Partnero: its webhook records the sales.'
}

  curl ${url}/signup -H 'Cookie: partnero_partner=ann' -H 'Content-Type: application/json' \\
    -d '{"email":"ada@example.com"}'
  curl -X POST ${url}/checkout/<the user's id>
  curl ${url}/sales
  curl -X POST ${url}/checkout/refund/in_1
`);
