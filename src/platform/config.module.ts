import { Module } from '@nestjs/common';
import { Config, loadConfig } from './config.js';

/** Hands out the one Config. `use` lets the start (and a test) put in what it made from its own settings. */
@Module({
  providers: [{ provide: Config, useFactory: () => (ConfigModule.current ??= loadConfig()) }],
  exports: [Config],
})
export class ConfigModule {
  private static current: Config | undefined;

  static use(config: Config): void {
    ConfigModule.current = config;
  }
}
