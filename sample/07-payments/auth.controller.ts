import { Body, Controller, Post } from '@nestjs/common';
import { AttributeReferral } from 'nestjs-partnero';
import { Users, type User } from './users.js';

@Controller('signup')
export class AuthController {
  constructor(private readonly users: Users) {}

  @Post()
  @AttributeReferral()
  signUp(@Body() { email }: { email: string }): User {
    return this.users.create(email);
  }
}
