import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { reachable } from './server-account.js';

describe('reachable', () => {
  const top = fs.mkdtempSync(path.join(os.tmpdir(), 'guildhall-reach-'));
  const inner = path.join(top, 'closed/inner');
  const self = fs.statSync(top);
  const owner = { uid: self.uid, gid: self.gid };
  const stranger = { uid: self.uid + 1, gid: self.gid + 1 };

  beforeAll(() => {
    fs.chmodSync(top, 0o711);
    fs.mkdirSync(inner, { recursive: true });
  });
  afterAll(() => fs.rmSync(top, { recursive: true }));

  it('follows the permissions of every folder above', () => {
    fs.chmodSync(path.dirname(inner), 0o711);
    // Some systems close the whole temporary folder to others.
    expect(reachable(inner, stranger)).toBe(reachable(os.tmpdir(), stranger));
    fs.chmodSync(path.dirname(inner), 0o710);
    expect(reachable(inner, stranger)).toBe(false);
    expect(reachable(inner, { ...stranger, gid: self.gid })).toBe(reachable(os.tmpdir(), stranger));
    fs.chmodSync(path.dirname(inner), 0o700);
    expect(reachable(inner, stranger)).toBe(false);
    expect(reachable(inner, owner)).toBe(true);
  });

  it('is no question when the server runs as ourselves', () => {
    expect(reachable(inner, undefined)).toBe(true);
  });
});
