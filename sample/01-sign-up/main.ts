import { NestFactory } from '@nestjs/core';
import { captureReferrals } from 'nestjs-partnero';
import { AppModule } from './app.module.js';
import { connectToPartnero } from '../partnero.connection.js';

const connection = await connectToPartnero();
const app = await NestFactory.create(AppModule.with(connection));
app.enableShutdownHooks();
// Saves the key of a partner's link in a cookie, until the visitor signs up.
app.use(captureReferrals(app));
await app.listen(Number(process.env['PORT'] ?? 3000));

const url = (await app.getUrl()).replace('[::1]', 'localhost');
console.log(
  connection.fake
    ? `
No PARTNERO_API_KEY is set: a fake Partnero runs beside this app, and has the partner "ann".

  Open Ann's link:   ${url}/?aff=ann
  The dashboard:     ${url}/partnero
`
    : `
Attributing to your program at Partnero.

  Open a partner's link:   ${url}/?aff=<the partner's key>
  The dashboard:           ${url}/partnero
`,
);
