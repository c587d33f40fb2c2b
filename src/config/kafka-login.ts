import type { Config } from './config.ts';
import { variable } from './read-values.ts';
import { oneOf, secret, text, yesOrNo } from './values.ts';

export const kafkaLoginVariables = {
  KAFKA_SASL_MECHANISM: variable(oneOf(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']), undefined),
  KAFKA_SASL_USERNAME: variable(text, undefined),
  KAFKA_SASL_PASSWORD: variable(secret, undefined),
  KAFKA_TLS: variable(yesOrNo, 'false'),
} as const;

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
