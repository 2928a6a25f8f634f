import { defineProblems } from '../platform/http/problem.js';

export const catalogProblems = defineProblems('catalog', {
  out_of_stock: {
    status: 409,
    title: 'Not enough stock',
    meaning: 'Fewer pieces are left than were asked for.',
    remedy: 'Lower the quantity to what `errors` says is available, or remove the line.',
  },
  handle_taken: {
    status: 409,
    title: 'The handle is taken',
    meaning: 'Another product, category or collection has this handle, or the word is reserved.',
    remedy: 'Choose another handle.',
  },
  sku_taken: {
    status: 409,
    title: 'The SKU is taken',
    meaning: 'Another variant has this SKU, or the same SKU stands twice in the request.',
    remedy: 'Give every variant a SKU of its own.',
  },
  external_id_taken: {
    status: 409,
    title: 'The external id is taken',
    meaning: 'Another product has this external id.',
    remedy: 'Change that product instead of making a second one.',
  },
  unknown_category: {
    status: 422,
    title: 'Unknown category',
    meaning: 'No category has this handle or id.',
    remedy: 'Make the category first: POST /v1/admin/categories.',
  },
  odd_options: {
    status: 422,
    title: 'The variant does not fit the options',
    meaning:
      'A variant has one value of every option of its product, and no two variants have the same ones.',
    remedy: 'Correct what `errors` points at: the options of the product or the choices of the variant.',
  },
  unknown_tax_class: {
    status: 422,
    title: 'Unknown tax class',
    meaning: 'No tax class has this code: the product would be taxed at the wrong rate.',
    remedy: 'Use a code of GET /v1/admin/tax-classes, or make the class first.',
  },
  tax_class_in_use: {
    status: 409,
    title: 'The tax class is in use',
    meaning: 'Products have this tax class, or it is the one that is always there.',
    remedy: 'Give the products another class first.',
  },
  category_cycle: {
    status: 422,
    title: 'A category cannot stand below itself',
    meaning: 'The new parent is the category itself or stands below it.',
    remedy: 'Choose a parent outside of the subtree.',
  },
  category_in_use: {
    status: 409,
    title: 'The category is in use',
    meaning: 'Products or other categories stand in it.',
    remedy: 'Say where they shall go (`moveTo`), or move them first.',
  },
  unknown_location: {
    status: 422,
    title: 'Unknown location',
    meaning: 'No location has this code.',
    remedy: 'Use a code of GET /v1/admin/locations, or make the location first.',
  },
  stock_promised: {
    status: 409,
    title: 'The stock is promised to orders',
    meaning: 'The change would leave fewer pieces than are allocated or reserved, or fewer than none.',
    remedy: 'Cancel orders first, or wait until reservations end.',
  },
  stock_untracked: {
    status: 422,
    title: 'Nobody counts this variant',
    meaning: 'A bundle is counted by its parts, and of an untracked variant there is always enough.',
    remedy: 'Move the stock of the parts, or set `stockTracked` of the variant to true first.',
  },
  compare_at_too_low: {
    status: 422,
    title: 'The compare-at price is not higher',
    meaning: 'A compare-at price must be higher than the price that it stands beside.',
    remedy: 'Raise `compareAtPrice` or leave it out.',
  },
  price_out_of_range: {
    status: 422,
    title: 'A price would be out of range',
    meaning: 'The change would make a price negative, or larger than any price may be.',
    remedy: 'Change fewer prices, or change them by less: the preview shows which.',
  },
  prices_changed: {
    status: 409,
    title: 'The prices are no longer those of the preview',
    meaning: 'A price, a product or the list changed after the preview, or the change itself is another one.',
    remedy: 'Ask for the preview again and confirm its fingerprint.',
  },
  price_list_currency: {
    status: 422,
    title: 'The price list is in another currency',
    meaning: 'All prices of a price list are in its currency.',
    remedy: 'Use the `currency` of the list, or a list in the currency of the price.',
  },
});
