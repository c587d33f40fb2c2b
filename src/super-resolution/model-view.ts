import type { ModelNetwork } from './model-library.ts';

/** A network as callers see it; what nobody knows of it is null. */
export function viewModel({ card, precision }: ModelNetwork) {
  return {
    name: card.name,
    scale: card.scale,
    source: card.source,
    precision,
    architecture: card.architecture,
    parameters: card.parameters,
    quality: (precision === 'int8' ? card.int8Quality : card.quality) ?? null,
    jpegQuality: card.jpegQuality ?? null,
    data: card.data ?? null,
    training: card.training ?? null,
    weaknesses: card.weaknesses ?? null,
  };
}
