import { isIP } from 'node:net';

const THIS_MACHINE = /^(127\.|::1$|0:0:0:0:0:0:0:1$)/;

/** Who is counted together: one IPv4 address, or the /64 in which an IPv6 house may choose its own. */
export function networkOf(ip: string): string {
  const { bytes, groups } = read(ip);
  return bytes?.join('.') ?? (groups ? `${prefix(groups, 4)}::/64` : 'unknown');
}

/**
 * Whether a request comes from the machine itself: a proxy without `TRUSTED_PROXIES`, or the shop. Then its network says
 * nothing of who asks.
 */
export const isThisMachine = (ip: string): boolean => THIS_MACHINE.test(ip.replace(/^::ffff:/, ''));

/** Enough to recognise a place, too little to find a person: /24 or /48. */
export function placeOf(ip: string): string | null {
  const { bytes, groups } = read(ip);
  if (bytes) return `${bytes.slice(0, 3).join('.')}.0/24`;
  return groups ? `${prefix(groups, 3)}::/48` : null;
}

const prefix = (groups: number[], length: number): string =>
  groups
    .slice(0, length)
    .map((group) => group.toString(16))
    .join(':');

/** The four bytes of an IPv4 address (also of one written as IPv6), else the eight groups; nothing for what is no address. */
function read(ip: string): { bytes?: number[]; groups?: number[] } {
  const [plain = ''] = withoutPort(ip).split('%');
  if (isIP(plain) === 4) return { bytes: plain.split('.').map(Number) };
  if (isIP(plain) !== 6) return {};
  // The URL parser knows every way to write one; what it leaves is `::` for the longest run of zeros.
  const [head = '', tail] = new URL(`http://[${plain}]`).hostname.slice(1, -1).split('::');
  const [left, right] = [head, tail ?? ''].map((text) =>
    text === '' ? [] : text.split(':').map((group) => parseInt(group, 16)),
  ) as [number[], number[]];
  const groups = [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
  const [high = 0, low = 0] = groups.slice(6);
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  return mapped ? { bytes: [high >> 8, high & 255, low >> 8, low & 255] } : { groups };
}

/** Some proxies write the port behind the address; without it all who come through them would be one network. */
const withoutPort = (ip: string): string =>
  /^(\d+\.\d+\.\d+\.\d+):\d+$|^\[(.+)\](?::\d+)?$/.exec(ip)?.slice(1).find(Boolean) ?? ip;
