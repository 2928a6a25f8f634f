import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { INTEGRITY_CHECKS, type IntegrityCheck, type IntegrityCheckProvider } from './integrity.js';

/** Every check of every module, found at the start. */
@Injectable()
export class IntegrityRegistry implements OnModuleInit {
  private readonly checks = new Map<string, IntegrityCheck>();

  constructor(private readonly discovery: DiscoveryService) {}

  onModuleInit(): void {
    for (const { instance, metatype } of this.discovery.getProviders()) {
      if (!instance || !metatype || !Reflect.hasMetadata(INTEGRITY_CHECKS, metatype)) continue;
      for (const check of (instance as IntegrityCheckProvider).checks) {
        if (this.checks.has(check.code)) throw new Error(`two integrity checks are called ${check.code}`);
        this.checks.set(check.code, check);
      }
    }
  }

  /** In the order of their codes, so that a run that is taken up again goes on where it was. */
  inTurn(): IntegrityCheck[] {
    return [...this.checks.values()].sort((a, b) => (a.code < b.code ? -1 : 1));
  }

  /** What a check promises; of one that there is no more, nothing. */
  promiseOf(code: string): string {
    return this.checks.get(code)?.promise ?? '';
  }
}
