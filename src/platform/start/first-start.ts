import { applyDecorators, type INestApplicationContext, Injectable, SetMetadata } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';

const FIRST_START = 'guildhall:first-start';

/** What a step of the first start has to show to the person who started it. */
export interface BannerPart {
  administrator?: { email: string; password: string; mustChangePassword: boolean };
  /** Whether there is something to buy in the currency of the store. */
  sells?: boolean;
}

/**
 * Something that a fresh store needs (a demo catalog, an administrator). It runs at every start before the process
 * listens and does nothing when it finds its work done; two processes may run it at the same time.
 */
export interface FirstStartStep {
  run(): Promise<BannerPart | null>;
}

export const FirstStart = () => applyDecorators(Injectable(), SetMetadata(FIRST_START, true));

/** Runs every step that the application has; what they have to show, together. */
export async function firstStart(app: INestApplicationContext): Promise<BannerPart> {
  let shown: BannerPart = {};
  for (const { instance, metatype } of app.get(DiscoveryService).getProviders()) {
    if (!instance || !metatype || !Reflect.hasMetadata(FIRST_START, metatype)) continue;
    shown = { ...shown, ...(await (instance as FirstStartStep).run()) };
  }
  return shown;
}
