import { Module } from '@nestjs/common';
import { PartneroModule } from 'nestjs-partnero';
import { AppController } from './app.controller.js';
import { AppService } from './app.service.js';

@Module({
  imports: [PartneroModule.forRoot()],
  controllers: [AppController],
  providers: [AppService],
})
export class AppModule {}
