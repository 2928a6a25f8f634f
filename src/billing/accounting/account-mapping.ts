import { chartAccountOf } from '../ledger/chart.js';

/** The number of an account at the accountant, with the tax key of its rows. */
export interface MappedAccount {
  /** An account, or a kind of them as the chart has it, such as `assets:provider:{gateway}:clearing`. */
  readonly account: string;
  readonly number: string;
  readonly taxKey: string | null;
}

export interface AccountMapping {
  readonly consultantNumber: number;
  readonly clientNumber: number;
  /** The month in which the year of the books begins, 1 to 12. */
  readonly fiscalYearMonth: number;
  readonly accountLength: number;
  /** The standard chart of the accountant, such as `03`. */
  readonly chart: string | null;
  readonly accounts: readonly MappedAccount[];
}

/** As long as nobody has said anything. */
export const NO_MAPPING: AccountMapping = {
  consultantNumber: 1001,
  clientNumber: 1,
  fiscalYearMonth: 1,
  accountLength: 4,
  chart: null,
  accounts: [],
};

/** What an account is at the accountant: by its own code, else by its kind; null when it has no number. */
export function mappedAccount({ accounts }: AccountMapping, code: string): MappedAccount | null {
  const kind = chartAccountOf(code)?.code;
  return (
    accounts.find(({ account }) => account === code) ??
    accounts.find(({ account }) => account === kind) ??
    null
  );
}

/** Beside the balance sheet: no accountant books it. */
export const isBeside = (code: string): boolean => chartAccountOf(code)?.type === 'memo';
