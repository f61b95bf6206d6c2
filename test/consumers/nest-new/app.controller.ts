import { Body, Controller, Get, Post } from '@nestjs/common';
import { AttributeReferral } from 'nestjs-partnero';
import { AppService } from './app.service.js';

@Controller()
export class AppController {
  constructor(private readonly appService: AppService) {}

  @Get()
  getHello(): string {
    return this.appService.getHello();
  }

  @Post('signup')
  @AttributeReferral()
  signup(@Body() { email }: { email: string }) {
    return { id: 'user-1', email };
  }
}
