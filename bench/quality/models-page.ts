import type { ModelCard } from '../../src/super-resolution/model-card.ts';
export async function writeModelsPage(cards: readonly ModelCard[]): Promise<void> {
  console.log(cards.length);
}
