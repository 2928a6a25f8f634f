import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Config } from '../config.js';
import { ConfigModule } from '../config.module.js';
import { Database } from './database.js';
import { connectionOptions } from './options.js';

/** PostgreSQL through TypeORM; everybody takes `Database` from here. */
@Module({})
export class DatabaseModule {
  private static readonly connection: DynamicModule = TypeOrmModule.forRootAsync({
    imports: [ConfigModule],
    inject: [Config],
    useFactory: (config: Config) => ({
      ...connectionOptions(config),
      autoLoadEntities: true,
      retryAttempts: 1,
    }),
  });

  static readonly instance: DynamicModule = {
    module: DatabaseModule,
    imports: [DatabaseModule.connection],
    providers: [Database],
    exports: [Database],
  };
}
