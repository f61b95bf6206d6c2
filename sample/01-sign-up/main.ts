import { NestFactory } from '@nestjs/core';
import { captureReferrals } from 'nestjs-partnero';
import { AppModule } from './app.module.js';
import { connectToPartnero } from '../partnero.connection.js';

const connection = await connectToPartnero();
const app = await NestFactory.create(AppModule.with(connection));
app.enableShutdownHooks();
// Keeps the key of the link in a cookie, until the visitor signs up.
app.use(captureReferrals(app));
await app.listen(Number(process.env['PORT'] ?? 3000));

const url = (await app.getUrl()).replace('[::1]', 'localhost');
console.log(
  connection.fake
    ? `
No PARTNERO_API_KEY is set: a stand-in for Partnero runs beside this app, and knows the partner "ann".

  Come by Ann's link:   ${url}/?aff=ann
`
    : `
Attributing to your program at Partnero.

  Come by a partner's link:   ${url}/?aff=<the partner's key>
`,
);
