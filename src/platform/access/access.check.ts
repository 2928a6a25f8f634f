import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { ACCESS } from './access.js';

/** Stops the boot when a handler says neither `@Public()` nor `@Permissions(…)`: nothing is open by oversight. */
@Injectable()
export class AccessCheck implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
  ) {}

  onModuleInit(): void {
    const undeclared = this.discovery.getControllers().flatMap(({ metatype, instance }) => {
      if (!metatype || !instance) return [];
      const prototype = Object.getPrototypeOf(instance) as Record<string, unknown>;
      return this.scanner
        .getAllMethodNames(prototype)
        .map((name) => ({ name, handler: prototype[name] as () => unknown }))
        .filter(({ handler }) => Reflect.hasMetadata('path', handler))
        .filter(
          ({ handler }) =>
            this.reflector.getAllAndOverride(ACCESS, [handler, metatype as () => unknown]) === undefined,
        )
        .map(({ name }) => `${metatype.name}.${name}`);
    });
    if (undeclared.length > 0) {
      throw new Error(`declare @Public() or @Permissions(…) on ${undeclared.join(', ')}`);
    }
  }
}
