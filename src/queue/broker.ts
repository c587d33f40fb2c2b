/** The longest that `Broker.wait` blocks, in seconds: the workers look into the job store as often. */
export const longestBlockSeconds = 5;

/**
 * What a driver does with its broker. It is naive: whatever it throws means that the broker is away, and `BrokerQueue`
 * bounds the time, logs and tries again.
 */
export interface Broker {
  /** For people. */
  readonly name: string;
  /** Throws `invalid-configuration` for what only a person can mend, anything else when it does not answer. */
  check(): Promise<void>;
  /** Resolves once so many messages are stored. */
  publish(count: number): Promise<void>;
  /** Takes up to `most` of the messages that are there, for good. */
  take(most: number): Promise<void>;
  /** Takes one message for good, now or when one comes in the next five seconds; resolves to whether it did. */
  wait(): Promise<boolean>;
  /** Ends everything that is under way, also when the broker is away. */
  close(): Promise<void>;
}
