import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { type Picture, part, readPicture, toPng } from './picture.ts';
import { resizeBicubic } from './resize.ts';

const folder = path.resolve(import.meta.dirname, '../../docs/images/models');
/** Shown enlarged, without smoothing. */
const shown = { left: 300, top: 180, width: 200, height: 160 };
const zoom = 2;
const gap = 8;

/** A drawing of our own: fine lines, letters, leaves and a soft sky. */
export function drawing(): Promise<Picture> {
  const svg = Buffer.from(scene(800, 600));
  return sharp(svg).removeAlpha().png().toBuffer().then(readPicture);
}

/** Writes a strip of one part of a picture: cubic interpolation, the network, the original. */
export async function writeSideBySide(
  file: string,
  scale: number,
  original: Picture,
  enlarge: (small: Picture) => Promise<Picture>,
): Promise<void> {
  const small = resizeBicubic(original, 1 / scale, 'rounded');
  const versions = [resizeBicubic(small, scale, 'rounded'), await enlarge(small), original];
  const [width, height] = [shown.width * zoom, shown.height * zoom];
  const tiles = await Promise.all(
    versions.map(async (version, index) => ({
      input: await sharp(await toPng(part(version, shown)))
        .resize({ width, height, kernel: 'nearest' })
        .png()
        .toBuffer(),
      left: index * (width + gap),
      top: 0,
    })),
  );
  await mkdir(folder, { recursive: true });
  const background = '#ffffff';
  await sharp({ create: { width: 3 * width + 2 * gap, height, channels: 3, background } })
    .composite(tiles)
    .png({ palette: true })
    .toFile(path.join(folder, file));
}

function scene(width: number, height: number): string {
  const blades = Array.from({ length: 90 }, (_, index) => {
    const x = 10 + index * 9;
    const lean = 40 * Math.sin(index * 1.7);
    return `<path d="M${x} ${height} Q${x + lean / 3} ${height - 160} ${x + lean} ${height - 250 - 40 * Math.sin(index)}" stroke="hsl(${90 + (index % 7) * 6} 45% ${28 + (index % 5) * 6}%)" stroke-width="${1.2 + (index % 4)}" fill="none"/>`;
  });
  const rays = Array.from({ length: 48 }, (_, index) => {
    const angle = (index / 48) * 2 * Math.PI;
    return `<line x1="400" y1="230" x2="${400 + 150 * Math.cos(angle)}" y2="${230 + 150 * Math.sin(angle)}" stroke="#5a3d1c" stroke-width="1.5"/>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <defs><linearGradient id="sky" x1="0" y1="0" x2="0" y2="1">
      <stop offset="0" stop-color="#7fb2e5"/><stop offset="1" stop-color="#f6e3c5"/>
    </linearGradient></defs>
    <rect width="${width}" height="${height}" fill="url(#sky)"/>
    ${rays.join('')}
    <circle cx="400" cy="230" r="60" fill="#e9a23b" stroke="#5a3d1c" stroke-width="3"/>
    <text x="330" y="300" font-family="serif" font-size="22" fill="#222">Tintype enlarges</text>
    <text x="338" y="322" font-family="sans-serif" font-size="11" fill="#222">small letters, thin lines, leaves</text>
    ${blades.join('')}
  </svg>`;
}
