import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { OPERATION } from '../http/operation.js';
import { ACCESS, type AccessRule, FRESH, isOwnThing } from './access.js';

/** A permission and the operations that ask for it. */
export interface KnownPermission {
  permission: string;
  operations: string[];
}

interface Handler {
  /** `Controller.method`. */
  name: string;
  operation: string | undefined;
  rule: AccessRule | undefined;
  fresh: boolean;
}

/** Knows what every handler asks for, and stops the boot when one says neither `@Public()` nor `@Permissions(…)`, or asks whoever
 * comes in public for a fresh sign-in. */
@Injectable()
export class AccessCheck implements OnModuleInit {
  private known = new Map<string, string[]>();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
  ) {}

  onModuleInit(): void {
    const handlers = this.handlers();
    const undeclared = handlers.filter(({ rule }) => rule === undefined).map(({ name }) => name);
    if (undeclared.length > 0) {
      throw new Error(`declare @Public() or @Permissions(…) on ${undeclared.join(', ')}`);
    }
    // The guard lets everybody in there before it looks how fresh a sign-in is.
    const open = handlers.filter(({ rule, fresh }) => fresh && (rule === 'own' || rule?.length === 0));
    if (open.length > 0)
      throw new Error(`@Fresh() needs @Permissions(…) on ${open.map(({ name }) => name).join(', ')}`);
    for (const { rule = [], operation, name } of handlers) {
      if (rule === 'own') continue;
      for (const permission of rule.filter((one) => !isOwnThing(one)))
        this.known.set(permission, [...(this.known.get(permission) ?? []), operation ?? name]);
    }
  }

  /** What can be granted: every permission that an operation asks for, by name. */
  permissions(): KnownPermission[] {
    return [...this.known]
      .map(([permission, operations]) => ({ permission, operations: operations.sort() }))
      .sort((a, b) => (a.permission < b.permission ? -1 : 1));
  }

  /** Those of them that nobody asks for: granting them would be a slip of the pen. */
  unknown(permissions: readonly string[]): string[] {
    return permissions.filter((permission) => !this.known.has(permission));
  }

  private handlers(): Handler[] {
    return this.discovery.getControllers().flatMap(({ metatype, instance }) => {
      if (!metatype || !instance) return [];
      const prototype = Object.getPrototypeOf(instance) as Record<string, unknown>;
      return this.scanner
        .getAllMethodNames(prototype)
        .map((name) => ({ name, handler: prototype[name] as () => unknown }))
        .filter(({ handler }) => Reflect.hasMetadata('path', handler))
        .map(({ name, handler }) => ({
          name: `${metatype.name}.${name}`,
          operation: this.reflector.get<string | undefined>(OPERATION, handler),
          rule: this.reflector.getAllAndOverride<AccessRule | undefined>(ACCESS, [
            handler,
            metatype as () => unknown,
          ]),
          fresh:
            this.reflector.getAllAndOverride<boolean | undefined>(FRESH, [
              handler,
              metatype as () => unknown,
            ]) ?? false,
        }));
    });
  }
}
