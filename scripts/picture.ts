// Draws the picture of the README and has Tintype itself make it: a landscape, cut to a banner, with its own thumbnail
// in the corner.
//   node bin/node24.js scripts/picture.ts
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readEvents } from '../test/support/event-stream.ts';
import { Service } from '../test/support/service.ts';

const target = path.resolve(import.meta.dirname, '../docs/images/landscape.jpg');

await using service = await Service.start({ ALLOW_SVG: 'true' });
const drawing = new Blob([landscape(1200, 800)]);
const thumbnail = await make(drawing, { name: 'thumb', size: '150x150', fit: 'cover', format: 'png' });
const shared = path.join(service.folder, 'objects/shared');
await mkdir(shared, { recursive: true });
await writeFile(path.join(shared, 'thumb.png'), thumbnail);
const watermark = { object: 'shared/thumb.png', position: 'southeast' };
const banner = { name: 'banner', size: '900x360', fit: 'cover', format: 'jpeg', quality: 85, watermark };
await writeFile(target, await make(drawing, banner));

async function make(image: Blob, output: object): Promise<Uint8Array> {
  const form = new FormData();
  form.append('image', image, 'landscape.svg');
  form.append('job', JSON.stringify({ outputs: [output] }));
  const answer = await fetch(`${service.url}/jobs`, { method: 'POST', body: form });
  const { id, message } = (await answer.json()) as { id: string; message: string };
  if (answer.status !== 202) throw new Error(message);
  const { signal } = new AbortController();
  for await (const { data } of readEvents(`${service.url}/jobs/${id}/events`, signal)) {
    if (data.status === 'failed') throw new Error(data.message);
  }
  const job = (await (await fetch(`${service.url}/jobs/${id}`)).json()) as { location: string };
  return (await fetch(new URL(job.location, service.url))).bytes();
}

/** An evening with hills, one behind the other, and a sun. */
function landscape(width: number, height: number): string {
  const hills = Array.from({ length: 6 }, (_, index) => {
    const base = height * (0.42 + index * 0.1);
    const steps = Array.from({ length: 61 }, (_, step) => {
      const x = (width * step) / 60;
      const y =
        base - 45 * Math.sin(step / (5 + index * 2) + index * 1.9) - 20 * Math.sin(step / 2.3 + index * 3);
      return `${x.toFixed(0)},${y.toFixed(0)}`;
    });
    const shade = `hsl(${258 + index * 8} ${40 - index * 2}% ${52 - index * 8}%)`;
    return `<polygon fill="${shade}" points="0,${height} ${steps.join(' ')} ${width},${height}"/>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <defs>
      <linearGradient id="sky" x1="0" y1="0" x2="0" y2="1">
        <stop offset="0" stop-color="#2b2d5b"/><stop offset="0.35" stop-color="#d1637a"/>
        <stop offset="0.6" stop-color="#f9c977"/>
      </linearGradient>
      <radialGradient id="glow"><stop offset="0" stop-color="#fff3c9"/><stop offset="0.3" stop-color="#ffdf94"/>
        <stop offset="1" stop-color="#ffdf94" stop-opacity="0"/></radialGradient>
    </defs>
    <rect width="${width}" height="${height}" fill="url(#sky)"/>
    <circle cx="${width * 0.62}" cy="${height * 0.36}" r="${height * 0.2}" fill="url(#glow)"/>
    ${hills.join('\n')}
  </svg>`;
}
