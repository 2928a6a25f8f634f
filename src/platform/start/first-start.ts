import { applyDecorators, Injectable, SetMetadata } from '@nestjs/common';

export const FIRST_START = 'guildhall:first-start';

/** What a step of the first start has to show to the person who started it. */
export interface BannerPart {
  administrator?: { email: string; password: string };
}

/**
 * Something that a fresh store needs (a demo catalog, an administrator). It runs at every start before the process
 * listens and does nothing when it finds its work done; two processes may run it at the same time.
 */
export interface FirstStartStep {
  run(): Promise<BannerPart | null>;
}

export const FirstStart = () => applyDecorators(Injectable(), SetMetadata(FIRST_START, true));
