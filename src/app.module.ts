import { Module } from '@nestjs/common';
import { PlatformModule } from './platform/platform.module.js';

/** The whole system on one page. */
@Module({
  imports: [PlatformModule],
})
export class AppModule {}
