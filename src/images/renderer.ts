// The renderer: a child process that decodes and encodes images, one at a time, until its parent hangs up.
//   renderer.ts SETTINGS     (JSON of RendererSettings; an IPC channel to the parent must be there)
import sharp from 'sharp';
import { type FailureMessage, toFailureMessage } from '../errors/failure-message.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import { serveParent, tellParent } from '../program/serve-parent.ts';
import { inspect } from './inspect.ts';
import { render } from './render.ts';
import { tooMuchMemory } from './render-failure.ts';
import type { RendererAnswer, RendererRequest, RendererSettings } from './renderer-messages.ts';
import { finishUpscale, prepareUpscale } from './upscale-steps.ts';

/** How often it looks at its own size while it works, in milliseconds. */
const watchEvery = 50;

const settings = JSON.parse(process.argv[2] ?? '') as RendererSettings;

// The operation cache would serve stale pixels for a path that was written again.
sharp.cache(false);
// Parallel work is a matter of more renderers; threads would only fragment glibc's memory.
sharp.concurrency(1);
// The parent started it with VIPS_BLOCK_UNTRUSTED=1. From a buffer, an SVG can't draw its neighbours.
if (settings.allowSvg) sharp.unblock({ operation: ['VipsForeignLoadSvgBuffer'] });

const sizeAtStart = process.memoryUsage.rss();

serveParent(serve);

async function serve(request: RendererRequest): Promise<RendererAnswer | FailureMessage> {
  const watch = setInterval(endIfTooLarge, watchEvery);
  try {
    return await work(request);
  } catch (error) {
    return toFailureMessage(TintypeError.from(error));
  } finally {
    clearInterval(watch);
  }
}

async function work(request: RendererRequest): Promise<RendererAnswer> {
  switch (request.kind) {
    case 'inspect':
      return { kind: 'inspected', header: await inspect(request.source, request.format) };
    case 'prepare-upscale':
      return { kind: 'prepared', ...(await prepareUpscale(request, settings.maxPixels)) };
    case 'finish-upscale':
      return { kind: 'rendered', outputs: [await finishUpscale(request)] };
    case 'render':
      return { kind: 'rendered', outputs: await renderAll(request) };
    default:
      return request satisfies never;
  }
}

function renderAll(request: RendererRequest & { kind: 'render' }) {
  let made = 0;
  return render({ ...request, maxPixels: settings.maxPixels }, () => {
    made++;
    if (made < request.outputs.length) {
      tellParent({ kind: 'progress', fraction: made / request.outputs.length });
    }
  });
}

function endIfTooLarge(): void {
  if (process.memoryUsage.rss() - sizeAtStart <= settings.maxRenderBytes) return;
  const message = { kind: 'failed', code: 'image-too-large', message: tooMuchMemory() } as const;
  tellParent(message satisfies FailureMessage, true);
}
