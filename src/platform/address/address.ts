import { type FieldError, platformProblems } from '../http/problem.js';
import type { AddressDto } from './address.dto.js';
import { COUNTRIES } from './countries.js';

/** A postal address as it is kept: every field is there. */
export interface Address {
  firstName: string;
  lastName: string;
  company: string | null;
  line1: string;
  line2: string | null;
  city: string;
  postalCode: string | null;
  region: string | null;
  country: string;
  phone: string | null;
}

export function toAddress(dto: AddressDto): Address {
  return {
    firstName: dto.firstName,
    lastName: dto.lastName,
    company: dto.company ?? null,
    line1: dto.line1,
    line2: dto.line2 ?? null,
    city: dto.city,
    postalCode: dto.postalCode ?? null,
    region: dto.region ?? null,
    country: dto.country,
    phone: dto.phone ?? null,
  };
}

/**
 * What is wrong with an address in its country: nothing where the country is not one that we know. `place` is the JSON
 * Pointer of the address (`''` when it is the body itself).
 */
export function addressFaults({ country, postalCode, region }: AddressDto, place: string): FieldError[] {
  const rules = COUNTRIES[country];
  if (!rules) return [];
  const faults: FieldError[] = [];
  const given = postalCode?.trim() ?? '';
  if (rules.postalCode) {
    const { pattern, example, optional = false } = rules.postalCode;
    const pointer = `${place}/postalCode`;
    if (given === '' && !optional)
      faults.push({ pointer, code: 'required', message: `is required in ${country}, such as ${example}` });
    if (given !== '' && !pattern.test(given))
      faults.push({
        pointer,
        code: 'malformed',
        message: `must be written as in ${country}, such as ${example}`,
      });
  }
  if (rules.region !== undefined && (region?.trim() ?? '') === '') {
    const message = `is required in ${country}: ${rules.region.toLowerCase()}`;
    faults.push({ pointer: `${place}/region`, code: 'required', message });
  }
  return faults;
}

/** Refuses addresses that cannot arrive, all faults at once (400); each by the JSON Pointer of where it stands. */
export function requireAddresses(addresses: Readonly<Record<string, AddressDto | null | undefined>>): void {
  const errors = Object.entries(addresses).flatMap(([place, address]) =>
    address ? addressFaults(address, place) : [],
  );
  const [first] = errors;
  if (first) throw platformProblems.invalid_input(`${first.pointer.slice(1)} ${first.message}.`, { errors });
}
