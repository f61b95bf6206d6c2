import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { captureReferrals, PartneroModule } from 'nestjs-partnero';
import { connectToPartnero } from '../partnero.connection.js';
import { AuthController } from './auth.controller.js';
import { Mailbox } from './mailbox.js';
import { Users } from './users.js';

const { options } = await connectToPartnero();

@Module({
  imports: [PartneroModule.forRoot(options)],
  controllers: [AuthController],
  providers: [Users, Mailbox],
})
class AppModule {}

const app = await NestFactory.create(AppModule);
app.enableShutdownHooks();
app.use(captureReferrals(app));
await app.listen(Number(process.env['PORT'] ?? 3000));

const url = (await app.getUrl()).replace('[::1]', 'localhost');
console.log(`
  Open Ann's link:                                       ${url}/?aff=ann
  Then open what is mailed to you, in another browser:   ${url}/mailbox
`);
