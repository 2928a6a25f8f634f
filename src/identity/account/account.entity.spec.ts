import { Account } from './account.entity.js';

describe('Account', () => {
  const open = () =>
    Account.open({ id: 'a', kind: 'customer', email: 'ada@shop.test', passwordHash: 'first' });
  const noon = new Date('2026-01-01T12:00:00Z');

  it('is active and not verified when it is opened', () => {
    expect(open()).toMatchObject({ isActive: true, isVerified: false, version: 1, firstName: null });
  });

  it('is verified by a link to its present address only, and remembers the first time', () => {
    const account = open();
    expect(account.verify('other@shop.test', noon)).toBe(false);
    expect(account.isVerified).toBe(false);
    expect(account.verify('ada@shop.test', noon)).toBe(true);
    expect(account.verify('ada@shop.test', new Date('2026-02-01T12:00:00Z'))).toBe(true);
    expect(account.emailVerifiedAt).toEqual(noon);
  });

  it('needs no other password after one was chosen', () => {
    const account = Account.open({ ...open(), mustChangePassword: true });
    account.setPassword('second');
    expect(account).toMatchObject({ passwordHash: 'second', mustChangePassword: false });
  });

  it('keeps the names that are not given, and clears those that are null', () => {
    const account = Account.open({ ...open(), firstName: 'Ada', lastName: 'Byron' });
    account.describe({ lastName: 'Lovelace' });
    expect(account).toMatchObject({ firstName: 'Ada', lastName: 'Lovelace' });
    account.describe({ firstName: null });
    expect(account).toMatchObject({ firstName: null, lastName: 'Lovelace' });
  });
});
