/** What integrators read first. */
export const GUIDE = `Guildhall sells things: accounts, catalog, carts, checkout, orders and payments over REST.

**Money** is \`{"amount": 1999, "currency": "EUR"}\` in minor units. **Time** is ISO 8601 in UTC. Absent values are null.

**Lists** take \`limit\` and \`cursor\` and answer \`items\` and \`nextCursor\`; unknown parameters are refused.

**Errors** are \`application/problem+json\` (RFC 9457) with a stable \`code\`; each has a page at \`/problems/{code}\`.

**Repeat safely**: send an \`Idempotency-Key\` and the same one again when no answer came; for 72 hours you get the first answer.

**Write safely**: send the \`ETag\` that you read as \`If-Match\`; 412 says that somebody was quicker.

**Guests** hold a cart by the \`X-Cart-Token\` that creating it returned once; it goes on opening the order and its payments.`;

/** A sentence on each group of operations. */
export const TAGS: Record<string, string> = {
  Account:
    'The account of whoever is signed in: profile, password, second factors, passkeys and the places where it is signed in.',
  Addresses: 'Addresses that somebody keeps for goods and invoices, with one default for each.',
  Audit: 'Who did what, entry by entry, in a chain that shows when somebody changed it.',
  Batches: 'Many writes in one request, each answered by itself, or all done or none.',
  Carriers: 'Notices by which carriers report how far parcels are, and those that nobody knows a parcel for.',
  Carts:
    'What somebody wants to buy, with totals at today’s prices, what can carry it and what is still missing. Guests hold a cart by its token, customers by signing in.',
  Categories: 'The tree that products are shown in; a category holds those of all categories below it too.',
  Checkout: 'The one step that turns a cart into an order, holds its stock and asks for the money.',
  Collections:
    'Products that belong together for a shopper, picked one by one or told by a rule, shown for as long as they shall be.',
  Coupons:
    'What is taken off subscriptions for some cycles or for all, by a code that is taken only so often.',
  'Credit notes': 'What is taken off an invoice: a document of its own, with a number of its own series.',
  'Customer groups':
    'Groups that customers are in, such as wholesale; prices and promotions may count on them.',
  Customers: 'Accounts of customers as staff see them: profile, addresses, groups, consent and sessions.',
  'Draft orders':
    'Orders that staff write for somebody: quoted like a cart, with prices of their own where that was agreed, and paid by a link.',
  Dunning:
    'What happens when an invoice could not be collected: by which policy it is tried again, every attempt, and the link to pay.',
  Exports: 'Products as files: to change and import again, for another shop, or for those who list offers.',
  Feeds: 'What others fetch by themselves from an address with a secret in it, such as Google Merchant.',
  'Fraud screening':
    'Rules that look at attempts to pay before the gateway is asked, and payments that wait for a person.',
  Fulfilments:
    'The work of the warehouse: what to pick where, what leaves together, and how far it is until it has arrived.',
  'Gateway webhooks':
    'Notices by which payment gateways report what became of money, and those that gave trouble.',
  'Gift cards':
    'Cards with a balance that are bought or given, mailed to who gets them, and spent by their code.',
  Imports: 'Whole catalogs from files, in the background, with a report of each product that was refused.',
  Invoices:
    'What the law wants on paper: frozen, numbered without a gap, and settled by payments, credit notes or a write-off.',
  Keys: 'What programs sign in with, and what tokens are signed with.',
  Ledger: 'The books: every movement of money in double entry, only ever added to.',
  'Marketing consent':
    'Whether letters about offers are welcome, and the proof of who agreed to which words.',
  Media: 'Pictures that the store itself serves: uploaded by staff, and made into the sizes that pages need.',
  Operations: 'Health, metrics, job queues and the feed of facts: for whoever keeps the store running.',
  Orders:
    'What was bought, at the prices and taxes of that moment, from the unpaid order to the last parcel. A status of its own says how the whole stands, how the money and how the goods.',
  'Order changes':
    'Everything that happens to an order after it was placed, drafted, previewed to the cent and then confirmed at once.',
  'Payment links':
    'What is due of an order, paid by whoever has the link. The token stands in bodies alone, and only its hash is kept.',
  Payments:
    'The money of an order: a payment at the gateway with as many tries as it takes, and one for each gift card and store credit. Its state is what the gateway says, never what a browser says.',
  'Personal data': 'Copies of all that is kept about somebody, and its erasure.',
  People: 'Accounts of staff: who works here, and as what.',
  'Pickup points': 'Places where shoppers fetch what they ordered, in place of having it sent.',
  Plans:
    'What can be subscribed to, and on which terms; other terms are a further version, and none ever changes.',
  'Price lists':
    'Prices for some customers, from some quantity on or for a while. They begin and end by the clock.',
  Prices: 'What a variant costs in each currency, since when and by whom; earlier prices stay readable.',
  Products:
    'What is sold: products with their variants, for shoppers as they are published and for staff as they are.',
  'Product types':
    'Kinds of products with their attributes: typed, labelled, required or not, and what shoppers filter by.',
  Promotions:
    'What makes things cheaper: conditions and an effect, by itself or by codes, with limits and budgets that hold to the order.',
  Recommendations:
    'What goes with a product and why: bought together, similar, or looked at before by whoever is signed in.',
  Reconciliation:
    'What gateways say of their accounts with the shop, held against the books line by line, and what does not fit.',
  Refunds: 'Money that goes back to the shopper, in part or in full, each with its own state.',
  Reports:
    'Sales, customers and abandoned carts in sums that are kept up to date, to be shown or opened in a spreadsheet.',
  Returns:
    'What buyers send back: asked for, approved, received piece by piece, and settled by a change of the order.',
  Reviews:
    'What customers say of products: nothing is shown that nobody of the shop has read, and buyers are marked.',
  Search:
    'What staff do for the search of the shop: words that mean the same, products that come first, and what was looked for in vain.',
  'Shipping calendar': 'The days on which parcels leave: what the dates of delivery are made of.',
  'Shipping zones':
    'Where parcels go, by which methods, and for how much: by weight, size, value of the goods, or what a carrier asks.',
  'Sign-in': 'Making an account, signing in and out, and the links that are mailed on the way.',
  Stock: 'How many pieces lie where, how many are promised, and every movement that made it so.',
  'Stock notices': 'One letter to whoever waits for something that is sold out, and then they are forgotten.',
  Subscriptions:
    'What customers pay again and again: begun, billed by the calendar, changed to the cent as it was shown, and ended.',
  'Store credit':
    'What the shop owes a customer: given by staff, or in place of a refund, and spent at checkouts until it ends.',
  Stocktakes: 'What lies at a location, counted by hand while it is sold from, and brought to the books.',
  'Tax classes':
    'The kinds of goods that are taxed differently, such as books; tax zones say the rate of each.',
  Translations: 'Texts of the catalog in other languages than that of the shop.',
  'Tax exemptions': 'Certificates by which customers pay no tax somewhere, each with its end.',
  'Tax settings':
    'Where the shop sends from, whose rates hold abroad, how shipping is taxed and how tax is rounded.',
  'Tax zones': 'Which tax applies in which country, and whether prices include it there.',
  Usage: 'What subscribers have used of what is metered, event by event, and what it costs period by period.',
};
