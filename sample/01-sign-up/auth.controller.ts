import { BadRequestException, Body, Controller, Get, Post, Redirect } from '@nestjs/common';
import { AttributeReferral } from 'nestjs-partnero';
import { signUpPage } from './pages.js';
import { Users } from './users.js';

@Controller('signup')
export class AuthController {
  constructor(private readonly users: Users) {}

  @Get()
  form(): string {
    return signUpPage();
  }

  /** `@AttributeReferral()` needs the `id` in what this returns, and Nest the `url`. */
  @Post()
  @Redirect(undefined, 303)
  @AttributeReferral()
  signUp(@Body() body: { email?: string; name?: string }): {
    id: string;
    email: string;
    name: string;
    url: string;
  } {
    const { email, name = '' } = body;
    if (!email?.includes('@')) throw new BadRequestException('That is no e-mail address.');
    const user = this.users.create({ email, name });
    return { ...user, url: `/account/${user.id}` };
  }
}
