import { NestFactory } from '@nestjs/core';
import { connectToPartnero } from '../partnero.connection.js';
import { AppModule } from './app.module.js';

const { options, fake } = await connectToPartnero();
const app = await NestFactory.create(AppModule.with(options));
app.enableShutdownHooks();
await app.listen(Number(process.env['PORT'] ?? 3000));
const url = (await app.getUrl()).replace('[::1]', 'localhost');
console.log(`
  curl -X POST ${url}/signup -H 'Cookie: partnero_partner=ann' \\
    -H 'Content-Type: application/json' -d '{"email":"ada@example.com"}'
  curl ${url}/metrics
${fake ? '\nA fake Partnero runs beside this app.\n' : ''}
Spans are printed as they end.
`);
