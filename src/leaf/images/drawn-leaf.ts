import sharp from 'sharp';
import type { Plant } from '../plants.ts';
import { repeatableNumbers } from './repeatable-numbers.ts';

const side = 256;

/** Width and height of the leaf, and what its edge is like. */
const shapes: Readonly<Record<Plant, { width: number; height: number; green: string }>> = {
  potato: { width: 84, height: 108, green: '#4f7f35' },
  tomato: { width: 66, height: 112, green: '#3f8a45' },
  pepper: { width: 52, height: 116, green: '#5f9a3c' },
};

/** A leaf with a few spots, 256×256, as JPEG; the same for the same number. */
export async function drawLeaf(plant: Plant, seed: number): Promise<Uint8Array> {
  const svg = Buffer.from(leafSvg(plant, repeatableNumbers(seed)));
  return await sharp(svg).jpeg({ quality: 90 }).toBuffer();
}

function leafSvg(plant: Plant, next: () => number): string {
  const { width, height, green } = shapes[plant];
  const middle = side / 2;
  const [left, right, top, bottom] = [middle - width, middle + width, middle - height, middle + height];
  const outline = `M${middle},${top} C${right},${middle - 40} ${right},${middle + 60} ${middle},${bottom} C${left},${middle + 60} ${left},${middle - 40} ${middle},${top}Z`;
  const veins = [-60, -30, 0, 30, 60].map(y => {
    const from = middle + y;
    return `M${middle},${from} l${width * 0.5},-24 M${middle},${from} l${-width * 0.5},-24`;
  });
  const spots = Array.from({ length: Math.floor(next() * 9) }, () => {
    const x = middle + (next() - 0.5) * width;
    const y = middle + (next() - 0.5) * height;
    return `<circle cx="${x}" cy="${y}" r="${2 + next() * 9}" fill="#6b4a22" opacity="0.75"/>`;
  });
  const turn = Math.floor(next() * 360);
  const grey = 120 + Math.floor(next() * 60);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}">
<rect width="100%" height="100%" fill="rgb(${grey},${grey},${grey + 8})"/>
<g transform="rotate(${turn} ${middle} ${middle})"><path d="${outline}" fill="${green}"/>
<path d="M${middle},${top} V${bottom} ${veins.join(' ')}" stroke="#a9c58a" stroke-width="2" fill="none"/>${spots.join('')}</g></svg>`;
}
