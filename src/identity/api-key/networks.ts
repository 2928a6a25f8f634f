import { BlockList, isIP } from 'node:net';

/** Whether it is an address or a network such as `192.0.2.0/24`. */
export function isNetwork(text: string): boolean {
  const [address = '', length, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || address.includes('%') || rest.length > 0) return false;
  return length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= (family === 4 ? 32 : 128));
}

/** Whether the address lies in one of the networks. An IPv4 address is the same when it is written as IPv6. */
export function isWithin(ip: string, networks: readonly string[]): boolean {
  const family = isIP(ip);
  if (family === 0) return false;
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', length] = network.split('/');
    const kind = isIP(address) === 4 ? 'ipv4' : 'ipv6';
    if (length === undefined) list.addAddress(address, kind);
    else list.addSubnet(address, Number(length), kind);
  }
  return list.check(ip, family === 4 ? 'ipv4' : 'ipv6');
}
