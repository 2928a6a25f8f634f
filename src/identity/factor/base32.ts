/** Of RFC 4648: what authenticator apps read. */
export const STANDARD = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
/** Of Crockford: without the letters that people take for digits. */
export const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Five bits to a sign, without padding; the bytes are whole groups of five. */
export function base32(bytes: Buffer, alphabet: string): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{5}/g) ?? []).map((five) => alphabet[parseInt(five, 2)]).join('');
}
