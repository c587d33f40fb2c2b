import type { Config } from './config.ts';

type KafkaLogin = Pick<
  Config,
  'KAFKA_SASL_MECHANISM' | 'KAFKA_SASL_USERNAME' | 'KAFKA_SASL_PASSWORD' | 'KAFKA_TLS'
>;

const saslNames = ['KAFKA_SASL_MECHANISM', 'KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD'] as const;

/** The three variables of a login mean something together alone. */
export function kafkaLoginFaults(config: Partial<KafkaLogin>): string[] {
  const missing = saslNames.filter(name => config[name] === undefined);
  if (missing.length === 0 || missing.length === saslNames.length) return [];
  return missing.map(name => `${name} is unset; accepted: all of ${saslNames.join(', ')}, or none`);
}

/** How to log in at Kafka; without a login where none is configured. */
export function kafkaLogin(config: KafkaLogin) {
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: username } = config;
  const { KAFKA_SASL_PASSWORD: password, KAFKA_TLS: tls } = config;
  if (mechanism === undefined || username === undefined || password === undefined) return { tls };
  return { tls, sasl: { mechanism, username, password } };
}
