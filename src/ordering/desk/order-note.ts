/** What staff wrote about an order for each other. */
export interface OrderNote {
  id: string;
  body: string;
  actorKind: string;
  actorId: string | null;
  createdAt: Date;
}

/** `VIP` and `vip` are one tag. */
export const foldTag = (tag: string): string => tag.trim().normalize('NFKC').toLowerCase();
