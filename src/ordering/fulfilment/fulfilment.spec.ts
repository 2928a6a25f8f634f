import fc from 'fast-check';
import { deliveredByCarrier, type Fulfilment, type TrackingEvent } from './fulfilment.js';
import { pickListCsv } from './pick-list.csv.js';
import { shipmentOf } from './shipment.js';

const parcel = (
  trackingNumber: string | null,
  ...events: TrackingEvent[]
): Fulfilment['parcels'][number] => ({
  ...{ trackingNumber, trackingUrl: null, weightGrams: null, events },
});
const event = (status: TrackingEvent['status'], hour: number): TrackingEvent => ({
  ...{ status, at: new Date(Date.UTC(2026, 1, 3, hour)), description: null, place: null },
});

const arrived = (parcels: Fulfilment['parcels'], shippedAt: Date | null = event('announced', 7).at) =>
  deliveredByCarrier({ parcels, shippedAt });

describe('what carriers tell', () => {
  it('says delivered when the last parcel is, whatever the order of the events', () => {
    const events = [event('in_transit', 8), event('out_for_delivery', 9), event('delivered', 10)];
    const late = event('delivered', 14);
    fc.assert(
      fc.property(fc.shuffledSubarray(events, { minLength: 3 }), (told) => {
        expect(arrived([parcel('1', ...told), parcel('2', late)])).toEqual(late.at);
        expect(arrived([parcel('1', ...told), parcel('2')])).toBeNull();
      }),
    );
    expect(arrived([parcel('1', late), parcel(null)])).toEqual(late.at);
    expect(arrived([parcel(null)])).toBeNull();
  });

  it('is of another parcel when it was told more than a day before this one left', () => {
    const [former, own] = [event('delivered', 10), event('delivered', 82)];
    const left = event('in_transit', 35).at;
    expect(arrived([parcel('1', former, event('in_transit', 36))], left)).toBeNull();
    expect(arrived([parcel('1', former, own)], left)).toEqual(own.at);
    expect(arrived([parcel('1', event('delivered', 12))], left)).not.toBeNull();
    expect(arrived([parcel('1', own)], null)).toBeNull();
  });
});

describe('how it goes', () => {
  const empty = { carrier: null, service: null, parcels: [] };

  it('keeps what is left out, and takes one parcel or several', () => {
    const first = shipmentOf({ carrier: 'DHL', trackingNumber: '1' }, empty);
    expect(first.parcels).toEqual([{ trackingNumber: '1', trackingUrl: null, weightGrams: null }]);
    expect(shipmentOf({ service: 'Express' }, first)).toEqual({ ...first, service: 'Express' });
    expect(shipmentOf({ trackingNumber: null }, first).parcels).toEqual([]);
    const two = shipmentOf(
      { parcels: [{ trackingNumber: '1', weightGrams: 500 }, { trackingNumber: '2' }] },
      first,
    );
    expect(two.parcels.map(({ trackingNumber }) => trackingNumber)).toEqual(['1', '2']);
    expect(shipmentOf({ trackingNumber: '9' }, two).parcels[0]).toMatchObject({
      trackingNumber: '9',
      weightGrams: 500,
    });
    expect(() => shipmentOf({ parcels: [], trackingNumber: '1' }, empty)).toThrow();
  });
});

describe('the list for a spreadsheet', () => {
  it('runs nothing and keeps its cells', () => {
    const orders = [
      {
        orderId: 'o',
        number: '1001',
        promise: '2026-02-03T10:00:00.000Z',
        fulfilmentId: null,
        quantity: 2,
        properties: { engraving: 'For Grace' },
      },
    ];
    const item = {
      variantId: 'v',
      sku: '=1+1',
      title: 'A "lamp", red',
      variantTitle: null,
      quantity: 2,
      orders,
    };
    const text = pickListCsv({ location: 'main', at: '', complete: true, orders: 1, items: [item] });
    expect(text.split('\r\n')[1]).toBe(
      `'=1+1,"A ""lamp"", red",,2,1001 × 2 (engraving: For Grace),2026-02-03T10:00:00.000Z`,
    );
  });
});
