/** Who may call, as whom. Times are milliseconds since the epoch, by the database's clock. */
export interface ApiKey {
  /** 16 hex digits; no secret. */
  readonly id: string;
  readonly owner: string;
  /** Sees and changes everybody's jobs; what it submits is its owner's. */
  readonly isAdmin: boolean;
  readonly createdAt: number;
  /** To a minute, roughly. */
  readonly lastUsedAt?: number;
  /** From then on it is no key any more. */
  readonly revokedAt?: number;
}

export interface NewApiKey {
  readonly id: string;
  readonly owner: string;
  readonly isAdmin: boolean;
  /** Of the secret: SHA-256, hex. */
  readonly secretHash: string;
}

/** API keys, of which only hashes are stored. Every method is one transaction, durable once it resolves. */
export interface KeyStore {
  create(key: NewApiKey): Promise<ApiKey>;
  /** Also a revoked one. */
  find(id: string): Promise<(ApiKey & { secretHash: string }) | undefined>;
  /** All of them, the oldest first. */
  list(): Promise<ApiKey[]>;
  /** Throws `not-found`. Revoking twice is the same: the first time stays. */
  revoke(id: string): Promise<ApiKey>;
  /** Notes that it is used now, unless that was noted less than a minute ago. */
  used(id: string): Promise<void>;
}
