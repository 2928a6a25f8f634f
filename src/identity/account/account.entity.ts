import { Column, Entity, PrimaryColumn } from 'typeorm';

type NewAccount = Pick<Account, 'id' | 'kind' | 'email' | 'passwordHash'> &
  Partial<
    Pick<Account, 'firstName' | 'lastName' | 'phone' | 'locale' | 'emailVerifiedAt' | 'mustChangePassword'>
  >;

/** What people say of themselves. */
export interface Profile {
  firstName?: string | null;
  lastName?: string | null;
  phone?: string | null;
  locale?: string | null;
}

/** Somebody who may sign in: a customer or one of the staff. What may become of an account is said here. */
@Entity({ schema: 'identity', name: 'accounts' })
export class Account {
  @PrimaryColumn('uuid')
  id: string;

  @Column('text')
  kind: 'customer' | 'staff';

  /** E-mail address, names and phone, sealed: `AccountRepository` opens and seals them. */
  @Column('bytea')
  personal: Buffer;

  /** The blind indexes that go with them, and which key they are made with; only ever written. */
  @Column({ type: 'bytea', name: 'email_index', select: false })
  emailIndex: Buffer;

  @Column({ type: 'text', name: 'index_key', select: false })
  indexKey: string;

  @Column({ type: 'bytea', name: 'search_tokens', array: true, select: false })
  searchTokens: Buffer[];

  /** NFKC, lower case. */
  email: string;

  @Column({ type: 'timestamptz', name: 'email_verified_at', nullable: true })
  emailVerifiedAt: Date | null;

  /** Null: no password opens the account, because its owner came by a provider or was invited, and has not set one. */
  @Column({ type: 'text', name: 'password_hash', nullable: true })
  passwordHash: string | null;

  firstName: string | null;
  lastName: string | null;
  phone: string | null;

  /** BCP 47. */
  @Column({ type: 'text', nullable: true })
  locale: string | null;

  @Column('text')
  status: 'active' | 'disabled';

  @Column({ type: 'boolean', name: 'must_change_password' })
  mustChangePassword: boolean;

  @Column('int')
  version: number;

  /** The database writes it. */
  @Column({ type: 'timestamptz', name: 'created_at', insert: false, update: false })
  createdAt: Date;

  static open(input: NewAccount): Account {
    return Object.assign(
      new Account(),
      { firstName: null, lastName: null, phone: null, locale: null, emailVerifiedAt: null },
      { mustChangePassword: false },
      { status: 'active', version: 1 },
      input,
    );
  }

  get isActive(): boolean {
    return this.status === 'active';
  }

  get isVerified(): boolean {
    return this.emailVerifiedAt !== null;
  }

  /** A customer who never showed that the address is theirs gives way to somebody who does. */
  get givesWay(): boolean {
    return this.kind === 'customer' && this.isActive && !this.isVerified;
  }

  /** Whoever reads the mail owns the address; false when the account has another address by now. */
  verify(email: string, at: Date): boolean {
    if (email !== this.email) return false;
    this.emailVerifiedAt ??= at;
    return true;
  }

  /** A password of the owner's own choice, so nothing is left to change. */
  setPassword(hash: string): void {
    this.passwordHash = hash;
    this.mustChangePassword = false;
  }

  /** May not sign in any more, and may do nothing where it is signed in. */
  disable(): void {
    this.status = 'disabled';
  }

  enable(): void {
    this.status = 'active';
  }

  /** What is not given stays. */
  describe({ firstName, lastName, phone, locale }: Profile): void {
    if (firstName !== undefined) this.firstName = firstName;
    if (lastName !== undefined) this.lastName = lastName;
    if (phone !== undefined) this.phone = phone;
    if (locale !== undefined) this.locale = locale;
  }

  /** Another address, whose owner has just read a mail there. */
  moveTo(email: string, at: Date): void {
    this.email = email;
    this.emailVerifiedAt = at;
  }
}
