import { Injectable } from '@nestjs/common';

/** What a carrier needs to know for a label. */
export interface LabelRequest {
  returnId: string;
  number: string;
  pieces: number;
}

/** Who makes the label of a parcel that comes back. Not in a transaction: it talks to the outside. */
export abstract class ReturnLabels {
  /** Where the label is read as PDF; null when nobody makes one, and staff name it themselves. */
  abstract make(request: LabelRequest): Promise<{ url: string } | null>;
}

/** Nobody makes labels: staff put the address of one on the return. */
@Injectable()
export class NoReturnLabels extends ReturnLabels {
  make(): Promise<null> {
    return Promise.resolve(null);
  }
}
