import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { PERSONAL_DATA, type PersonalDataProvider, type Subject } from './personal-data.js';

/** Every module that knows something about people, found at the start. */
@Injectable()
export class PersonalDataRegistry implements OnModuleInit {
  private readonly providers = new Map<string, PersonalDataProvider>();

  constructor(private readonly discovery: DiscoveryService) {}

  onModuleInit(): void {
    for (const { instance, metatype } of this.discovery.getProviders()) {
      if (!instance || !metatype || !Reflect.hasMetadata(PERSONAL_DATA, metatype)) continue;
      const provider = instance as PersonalDataProvider;
      if (this.providers.has(provider.name))
        throw new Error(`two classes answer for the personal data of ${provider.name}`);
      this.providers.set(provider.name, provider);
    }
  }

  /** In the order in which they erase. */
  inTurn(): PersonalDataProvider[] {
    return [...this.providers.values()].sort((a, b) => a.turn - b.turn);
  }

  /** Why the person cannot be erased yet, as all of them say; none: nothing stands in the way. */
  async hindrances(subject: Subject): Promise<string[]> {
    const found: string[] = [];
    for (const provider of this.inTurn()) found.push(...(await provider.hindrances(subject)));
    return found;
  }
}
