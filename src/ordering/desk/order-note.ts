/** What staff wrote about an order for each other. */
export interface OrderNote {
  id: string;
  body: string;
  actorKind: string;
  actorId: string | null;
  createdAt: Date;
}
