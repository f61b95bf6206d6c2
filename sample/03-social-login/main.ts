import { NestFactory } from '@nestjs/core';
import { captureReferrals } from 'nestjs-partnero';
import { connectToPartnero } from '../partnero.connection.js';
import { AppModule } from './app.module.js';
import { ProviderStandIn } from './provider.stand-in.js';

const { options } = await connectToPartnero();
const provider = await ProviderStandIn.start();
const app = await NestFactory.create(AppModule.with(options, provider));
app.enableShutdownHooks();
app.use(captureReferrals(app));
await app.listen(Number(process.env['PORT'] ?? 3000));

const url = (await app.getUrl()).replace('[::1]', 'localhost');
console.log(`
  Come by Ann's link:             ${url}/?aff=ann
  Or straight to the provider:    ${url}/auth/google?aff=ann
`);
