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

  /** The user that it returns has an `id`: that is all that `@AttributeReferral()` needs. */
  @Post()
  @Redirect('/fate', 303)
  @AttributeReferral()
  signUp(@Body() body: { email?: string; name?: string }): User {
    const { email, name = '' } = body;
    if (!email?.includes('@')) throw new BadRequestException('That is no e-mail address.');
    return this.users.create({ email, name });
  }
}
