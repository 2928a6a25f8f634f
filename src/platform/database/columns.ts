import type { ValueTransformer } from 'typeorm';

/** PostgreSQL sends bigint as text, because it does not fit a double; entities hold a real bigint. */
export const bigintColumn: ValueTransformer = {
  to: (value: bigint | null | undefined) => (typeof value === 'bigint' ? value.toString() : value),
  from: (value: string | number | null) => (value === null ? null : BigInt(value)),
};
