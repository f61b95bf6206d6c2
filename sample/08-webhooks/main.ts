import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { connectToPartnero } from './partnero.connection.js';

const connection = await connectToPartnero();
// Partnero signs the bytes of the body: the app must keep them.
const app = await NestFactory.create(AppModule.with(connection), { rawBody: true });
app.enableShutdownHooks();
await app.listen(Number(process.env['PORT'] ?? 3000));

const url = (await app.getUrl()).replace('[::1]', 'localhost');
connection.listensAt(url);
console.log(
  connection.fake
    ? `
A fake Partnero runs beside this app. Have it send events:

  curl -X POST ${url}/fake/sale/inv-1
  curl -X POST '${url}/fake/sale/inv-2?fails=2'   # the handler fails twice
  curl -X POST ${url}/fake/refund/inv-1
  curl ${url}/commissions
`
    : `
The webhook of your program at Partnero delivers to this app.

  curl ${url}/commissions
`,
);
