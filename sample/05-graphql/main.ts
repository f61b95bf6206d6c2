import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GraphQLModule } from '@nestjs/graphql';
import { captureReferrals, PartneroModule } from 'nestjs-partnero';
import { connectToPartnero } from '../partnero.connection.js';
import { AccountsResolver } from './accounts.resolver.js';

const { options } = await connectToPartnero();

@Controller()
class LandingController {
  @Get()
  landing(): string {
    return '<!doctype html><title>Acme Notes</title><p>Sign up at <a href="/graphql">/graphql</a>.</p>';
  }
}

@Module({
  imports: [
    PartneroModule.forRoot(options),
    GraphQLModule.forRoot<ApolloDriverConfig>({
      driver: ApolloDriver,
      autoSchemaFile: true,
      graphiql: true,
    }),
  ],
  controllers: [LandingController],
  providers: [AccountsResolver],
})
class AppModule {}

const app = await NestFactory.create(AppModule);
app.enableShutdownHooks();
app.use(captureReferrals(app));
await app.listen(Number(process.env['PORT'] ?? 3000));

const url = (await app.getUrl()).replace('[::1]', 'localhost');
console.log(`
  Open Ann's link:   ${url}/?aff=ann
  Then at ${url}/graphql:   mutation { signUp(email: "ada@example.com") { id } }
  And:   query { status(id: "<the id>") }
`);
