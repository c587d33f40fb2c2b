/** Each is a Kafka topic of that name, and a collection. */
export const plants = ['potato', 'tomato', 'pepper'] as const;
export type Plant = (typeof plants)[number];

export function isPlant(text: string): text is Plant {
  return (plants as readonly string[]).includes(text);
}

/** In the producer's database as in the consumer's. */
export function collectionOf(plant: Plant): string {
  return `imagecolplant${plant}`;
}
