import { applyDecorators, Injectable, type OnModuleInit, SetMetadata } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { Attachment } from './mailer.port.js';

const ATTACHES_TO = 'guildhall:attaches-to';

/** Draws what goes with the letters of one template, when they are sent: only what it is drawn from is kept until then. */
export interface AttachmentDrawer<D extends object = object> {
  /** `data` is what the mail was requested with. Outside of a transaction; drawn anew for each try. */
  draw(data: D): Promise<Attachment[]>;
}

/** Marks the class that draws what goes with a mail; the mail is what `defineMail` answered. */
export const AttachesTo = (mail: { name: string }) =>
  applyDecorators(Injectable(), SetMetadata(ATTACHES_TO, mail.name));

/** Everybody who draws for letters, found at the start. */
@Injectable()
export class MailAttachments implements OnModuleInit {
  private readonly drawers = new Map<string, AttachmentDrawer>();

  constructor(private readonly discovery: DiscoveryService) {}

  onModuleInit(): void {
    for (const { instance, metatype } of this.discovery.getProviders()) {
      if (!instance || !metatype || !Reflect.hasMetadata(ATTACHES_TO, metatype)) continue;
      const template = Reflect.getMetadata(ATTACHES_TO, metatype) as string;
      if (this.drawers.has(template)) throw new Error(`two classes attach to the mail ${template}`);
      this.drawers.set(template, instance as AttachmentDrawer);
    }
  }

  async of(template: string, data: object): Promise<Attachment[]> {
    return (await this.drawers.get(template)?.draw(data)) ?? [];
  }
}
