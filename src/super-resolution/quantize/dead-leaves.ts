/** A picture at two sizes, as a network takes and makes it; samples from 0 to 1. */
export interface PicturePair {
  /** (3, side, side), RGB. */
  readonly small: Float32Array;
  /** (3·scale², side, side): the phases of the picture `scale` times as large, in a pixel shuffle's order. */
  readonly large: Float32Array;
}

const leastRadius = 2;
/** Discs for each pixel of the small picture: hardly anything of the ground is left. */
const discsPerPixel = 0.5;
/** How far a disc's colours are from its grey. */
const colourSpread = 0.25;

/**
 * Discs of all sizes that hide each other, the simplest picture with the statistics of photos: edges, and as much
 * contrast at each size (Lee, Mumford and Huang, "Occlusion Models for Natural Images", 2001: radii with density r⁻³).
 * The same `seed` gives the same picture.
 */
export function deadLeaves(seed: number, side: number, scale: number): PicturePair {
  const random = randomNumbers(seed);
  const phases = scale ** 2;
  const large = new Float32Array(3 * phases * side ** 2);
  for (let disc = 0; disc < discsPerPixel * side ** 2; disc++) paintDisc(large, side, scale, random);
  const small = Float32Array.from({ length: 3 * side ** 2 }, (_, index) => {
    const [colour, pixel] = [Math.floor(index / side ** 2), index % side ** 2];
    let sum = 0;
    for (let phase = 0; phase < phases; phase++)
      sum += large[(colour * phases + phase) * side ** 2 + pixel] ?? 0;
    return sum / phases;
  });
  return { small, large };
}

function paintDisc(large: Float32Array, side: number, scale: number, random: () => number): void {
  const length = side * scale;
  const [least, most] = [leastRadius ** -2, (length / 2) ** -2];
  const radius = (least - random() * (least - most)) ** -0.5;
  const [centreX, centreY, grey] = [random() * length, random() * length, random()];
  const colours = [0, 1, 2].map(() => Math.min(1, Math.max(0, grey + (random() - 0.5) * 2 * colourSpread)));
  const within = (value: number) => Math.min(length - 1, Math.max(0, Math.floor(value)));
  for (let y = within(centreY - radius); y <= within(centreY + radius); y++) {
    for (let x = within(centreX - radius); x <= within(centreX + radius); x++) {
      if ((x - centreX) ** 2 + (y - centreY) ** 2 > radius ** 2) continue;
      const phase = (y % scale) * scale + (x % scale);
      const pixel = Math.floor(y / scale) * side + Math.floor(x / scale);
      for (const [colour, value] of colours.entries()) {
        large[(colour * scale ** 2 + phase) * side ** 2 + pixel] = value;
      }
    }
  }
}

/** From 0 to 1; a linear congruential generator with the numbers of Knuth's MMIX is more than random enough here. */
function randomNumbers(seed: number): () => number {
  let state = BigInt(seed);
  return () => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return Number(state >> 11n) / 2 ** 53;
  };
}
