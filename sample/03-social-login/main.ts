import { NestFactory } from '@nestjs/core';
import { captureReferrals } from 'nestjs-partnero';
import { connectToPartnero } from '../partnero.connection.js';
import { AppModule } from './app.module.js';
import { FakeProvider } from './fake-provider.js';

const { options } = await connectToPartnero();
const provider = await FakeProvider.start();
const app = await NestFactory.create(AppModule.with(options, provider));
app.enableShutdownHooks();
app.use(captureReferrals(app));
await app.listen(Number(process.env['PORT'] ?? 3000));

const url = (await app.getUrl()).replace('[::1]', 'localhost');
console.log(`
  Open Ann's link:             ${url}/?aff=ann
  Or go to the provider at once:  ${url}/auth/google?aff=ann
`);
