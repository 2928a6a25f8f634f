import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Config } from '../src/platform/config.js';
import { startApp, type TestApp } from './support/app.js';
import type { Answer } from './support/client.js';
import { given } from './support/given.js';
import { pdfText } from './support/pdf-text.js';
import { buy, goods, type Goods, key } from './support/purchase.js';

type Body = Answer['body'];

const SELLER = {
  name: 'Guildhall Trading GmbH',
  address: { line1: 'Gildenweg 1', city: 'Lübeck', postalCode: '23552', country: 'DE' },
  vatId: 'DE136695976',
  iban: 'DE02120300000000202051',
  bic: 'BYLADEM1001',
  timeZone: 'Europe/Berlin',
};

describe('documents', () => {
  let app: TestApp;
  let token: string;
  let lamp: Goods;
  let customer: { token: string; email: string };

  beforeAll(async () => {
    app = await startApp();
    token = await given.admin(app);
    lamp = await goods(app, { price: 1999, stock: 100 });
    customer = await given.customer(app);
  });
  afterAll(() => app?.close());

  const file = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${app.url}${path}`, { headers });
    return { status: answer.status, headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) };
  };
  const staff = () => ({ authorization: `Bearer ${token}` });
  const invoiceOf = async (orderId: string): Promise<Body> =>
    (await app.get(`/v1/admin/invoices?orderId=${orderId}`, { token })).body.items[0];
  /** The letters about documents as they were sent, whole, the oldest first by their number. */
  const letters = async (): Promise<string[]> => {
    const folder = join(app.app.get(Config).dataDir, 'mail');
    const all = await Promise.all(
      (await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')),
    );
    return all.filter((letter) => /^Subject: Your (invoice|credit note) /m.test(letter)).sort();
  };
  /** What goes with a letter, by its media type. */
  const attached = (letter: string, type: string): Buffer => {
    const part = letter.split(/\n--/).find((one) => one.includes(`Content-Type: ${type}`)) ?? '';
    return Buffer.from(part.slice(part.indexOf('\n\n')), 'base64');
  };

  it('are drawn of what was sold, for whoever may see it, and sent once', async () => {
    const { answer, cart } = await buy(app, [{ ...lamp, quantity: 2 }]);
    const order = answer.body;
    await app.settle();
    const draft = await invoiceOf(order.id);
    const path = `/v1/admin/invoices/${draft.id}/document`;
    const proForma = await file(path, staff());
    expect(proForma.headers.get('content-disposition')).toBe('attachment; filename="invoice-draft.pdf"');
    expect(pdfText(proForma.bytes)).toContain('This is not an invoice');
    const early = await app.get(`${path}?format=ubl`, { token });
    expect(early.status).toBe(422);
    expect(early.body.code).toBe('billing.no_e_invoice');
    expect(early.body.errors.map(({ code }: Body) => code)).toEqual(['BR-02', 'BR-09', 'BR-S-02']);
    const ofOrder = `/v1/orders/${order.id}/invoices/${draft.id}/document`;
    expect((await app.get(ofOrder, { cartToken: cart.token })).status).toBe(404);
    expect(await letters()).toEqual([]);

    await app.put('/v1/admin/seller-profile', SELLER, { token });
    await app.settle();
    const { number } = await invoiceOf(order.id);
    const paper = await file(path, staff());
    expect(paper.headers.get('content-type')).toBe('application/pdf');
    expect(paper.headers.get('content-disposition')).toBe(`attachment; filename="invoice-${number}.pdf"`);
    expect(paper.headers.get('cache-control')).toBe('private, no-cache');
    const text = pdfText(paper.bytes);
    for (const said of [`Invoice ${number}`, SELLER.name, 'Ada Byron', lamp.sku, '39.98', 'It is paid'])
      expect(text).toContain(said);
    const etag = paper.headers.get('etag') ?? '';
    const again = await file(path, { ...staff(), 'if-none-match': etag });
    expect([again.status, again.bytes.length, again.headers.get('etag')]).toEqual([304, 0, etag]);

    const guest = await file(`${ofOrder}?format=pdf`, { 'x-cart-token': cart.token });
    expect(guest.bytes.equals(paper.bytes)).toBe(true);
    expect((await app.get(ofOrder)).status).toBe(404);
    const other = (await buy(app, [lamp])).answer.body;
    await app.settle();
    const stranger = await invoiceOf(other.id);
    const wrong = `/v1/orders/${order.id}/invoices/${stranger.id}/document`;
    expect((await app.get(wrong, { cartToken: cart.token })).status).toBe(404);
    expect((await app.get(`${path}?format=docx`, { token })).body.errors).toMatchObject([
      { pointer: '/format' },
    ]);

    const ubl = await file(`${path}?format=ubl`, staff());
    expect(ubl.headers.get('content-type')).toBe('application/xml');
    const xml = ubl.bytes.toString();
    expect(xml).toContain(`<cbc:ID>${number}</cbc:ID>`);
    expect(xml).toContain('<cbc:PrepaidAmount currencyID="EUR">44.88</cbc:PrepaidAmount>');
    const hybrid = await file(`${path}?format=facturx`, staff());
    expect(hybrid.bytes.toString('latin1')).toContain('factur-x.xml');

    const [letter = '', ...more] = (await letters()).filter((one) => one.includes(`Your invoice ${number}`));
    expect(more).toEqual([]);
    expect(letter).toContain('To: ada@example.test');
    expect(attached(letter, 'application/pdf').equals(paper.bytes)).toBe(true);
  });

  it('come as an e-invoice where the seller wants it, with credit notes, or are not sent at all', async () => {
    await app.put('/v1/admin/seller-profile', { ...SELLER, letters: 'facturx' }, { token });
    const mine = await buy(app, [lamp], { by: customer.token, body: { email: customer.email } });
    const order = mine.answer.body;
    await app.settle();
    const { id, number } = await invoiceOf(order.id);
    const credit = await app.post(
      `/v1/admin/invoices/${id}/credit-notes`,
      {
        lines: [{ lineId: order.lines[0].id }],
        reason: 'other',
        refund: { amount: 1999, currency: 'EUR' },
      },
      { token, key: key() },
    );
    expect(credit.status).toBe(201);
    await app.settle();

    const sent = (await letters()).filter((one) => one.includes(customer.email));
    expect(sent).toHaveLength(2);
    const invoiced = sent.find((one) => one.includes(`Your invoice ${number}`)) ?? '';
    expect(attached(invoiced, 'application/pdf').toString('latin1')).toContain('factur-x.xml');
    const note = { authorization: `Bearer ${customer.token}` };
    const mineToo = await file(`/v1/me/credit-notes/${credit.body.id}/document`, note);
    expect(pdfText(mineToo.bytes)).toContain(`This credits invoice ${number}`);
    const xml = await file(`/v1/admin/credit-notes/${credit.body.id}/document?format=ubl`, staff());
    expect(xml.bytes.toString()).toContain('<cbc:CreditNoteTypeCode>381</cbc:CreditNoteTypeCode>');
    expect((await file(`/v1/me/invoices/${id}/document`, note)).status).toBe(200);
    const { token: somebody } = await given.customer(app);
    for (const path of [`invoices/${id}`, `credit-notes/${credit.body.id}`, `credit-notes/${id}`])
      expect((await app.get(`/v1/me/${path}/document`, { token: somebody })).status).toBe(404);
    const ofOrder = `/v1/orders/${order.id}/credit-notes/${credit.body.id}/document`;
    expect((await file(ofOrder, note)).status).toBe(200);

    const before = (await letters()).length;
    await app.put('/v1/admin/seller-profile', { ...SELLER, letters: 'none' }, { token });
    await buy(app, [lamp]);
    await app.settle();
    expect(await letters()).toHaveLength(before);
  });
});
