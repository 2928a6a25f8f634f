/** A card, or what else a gateway keeps for a customer. Its number never reaches us. */
export interface PaymentMethod {
  readonly id: string;
  /** Null: removed, and about to be forgotten at the gateway. */
  readonly customerId: string | null;
  readonly gateway: string;
  /** The gateway's name of it, and of the customer there. */
  readonly ref: string;
  readonly customerRef: string;
  readonly brand: string;
  readonly last4: string;
  readonly expiryMonth: number;
  readonly expiryYear: number;
  /** The same for the same card, however often it is kept. */
  readonly fingerprint: string | null;
  readonly isDefault: boolean;
  readonly createdAt: Date;
}
