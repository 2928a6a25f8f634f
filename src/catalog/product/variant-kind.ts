import { Integer, OneOf } from '../../platform/http/fields.js';
import { bundleProblems } from '../bundle/bundle.errors.js';

/** What a variant is: a thing that is sent, something that is downloaded, or a card with a balance. */
export const VARIANT_KINDS = ['physical', 'digital', 'gift_card'] as const;
export type VariantKind = (typeof VARIANT_KINDS)[number];

const KIND_HELP =
  '`physical` is sent. `digital` needs no shipping: its files, `POST /v1/admin/variants/{id}/files`, are downloaded ' +
  'after payment; one without files can be sold ahead of them. `gift_card` needs none either and is not taxed when it is sold; its price is what the card holds, and ' +
  'nobody counts it.';

/** How a variant is handed over, in every call that makes or changes one. */
export class VariantKindInput {
  @OneOf(VARIANT_KINDS, { optional: true, example: 'physical', description: KIND_HELP })
  kind?: VariantKind;

  @Integer({
    min: 1,
    max: 10_000,
    optional: true,
    nullable: true,
    description: 'How often each file of a sold line may be downloaded: 5 unless told, null for no limit.',
  })
  downloadLimit?: number | null;

  @Integer({
    min: 1,
    max: 36_500,
    optional: true,
    nullable: true,
    description: 'For so many days after the order: 30 unless told, null for no limit.',
  })
  downloadDays?: number | null;
}

export interface Kind {
  kind: VariantKind;
  stockTracked: boolean | null;
  downloadLimit: number | null;
  downloadDays: number | null;
}

export type Change = VariantKindInput & { stockTracked?: boolean };

export const NEW_KIND: Kind = { kind: 'physical', stockTracked: true, downloadLimit: 5, downloadDays: 30 };

/** How a new variant is handed over. Only things that lie somewhere are counted, unless somebody wants it otherwise. */
export function newKind(input: Change): Kind {
  return changedKind({ ...NEW_KIND, stockTracked: (input.kind ?? 'physical') === 'physical' }, input, false);
}

/** How a variant is handed over from now on; `isPart`: a bundle is made of it. */
export function changedKind(present: Kind, input: Change, isPart: boolean): Kind {
  const kind = input.kind ?? present.kind;
  const isBundle = present.stockTracked === null;
  if (isBundle && input.stockTracked !== undefined)
    throw bundleProblems.odd_bundle('A bundle is counted by its parts.');
  if ((isBundle || isPart) && kind !== 'physical')
    throw bundleProblems.odd_bundle('Bundles, and what they are made of, are things that are sent.');
  if (kind === 'gift_card' && input.stockTracked === true)
    throw bundleProblems.odd_kind(undefined, {
      errors: [{ pointer: '/stockTracked', code: 'gift_card', message: 'must be false for a gift card' }],
    });
  return kindBecoming(present, input);
}

/** The same without asking whether it can be: what is not told follows from the kind. */
export function kindBecoming(present: Kind, input: Change): Kind {
  const kind = input.kind ?? present.kind;
  const becomes = kind !== present.kind && kind !== 'physical' ? false : present.stockTracked;
  return {
    kind,
    stockTracked: kind === 'gift_card' ? false : (input.stockTracked ?? becomes),
    downloadLimit: input.downloadLimit === undefined ? present.downloadLimit : input.downloadLimit,
    downloadDays: input.downloadDays === undefined ? present.downloadDays : input.downloadDays,
  };
}
