import { BadRequestException, Body, Controller, Get, Post, Redirect } from '@nestjs/common';
import { AttributeReferral } from 'nestjs-partnero';
import { signUpPage } from './pages.js';
import { Users, type User } from './users.js';

@Controller('signup')
export class AuthController {
  constructor(private readonly users: Users) {}

  @Get()
  form(): string {
    return signUpPage();
  }

  /** `@AttributeReferral()` needs the `id` of the returned user, and nothing else. */
  @Post()
  @Redirect('/status', 303)
  @AttributeReferral()
  signUp(@Body() body: { email?: string; name?: string }): User {
    const { email, name = '' } = body;
    if (!email?.includes('@')) throw new BadRequestException('That is no e-mail address.');
    return this.users.create({ email, name });
  }
}
