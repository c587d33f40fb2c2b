// The renderer: a child process that decodes and encodes images, one at a time, until its parent hangs up.
//   renderer.ts SETTINGS     (JSON of RendererSettings; an IPC channel to the parent must be there)
import { flushCompileCache } from 'node:module';
import sharp from 'sharp';
import { TintypeError } from '../errors/tintype-error.ts';
import { inspect } from './inspect.ts';
import { render } from './render.ts';
import { tooMuchMemory } from './render-failure.ts';
import type { RendererAnswer, RendererRequest, RendererSettings } from './renderer-messages.ts';

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

// SIGKILL, because a decoder that runs in a thread would hold up every kinder end.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
// A terminal's Ctrl-C and some supervisors' stop reach the whole process group. When a renderer ends is the parent's
// business: it may yet finish its image.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
process.on('message', (request: RendererRequest) => void serve(request));
answer({ kind: 'ready' });
// Kept at a process's end, otherwise, and a renderer's end is always a kill.
flushCompileCache();

async function serve(request: RendererRequest): Promise<void> {
  const watch = setInterval(endIfTooLarge, watchEvery);
  try {
    answer(await work(request));
  } catch (error) {
    answer(failure(TintypeError.from(error)));
  } finally {
    clearInterval(watch);
  }
}

async function work(request: RendererRequest): Promise<RendererAnswer> {
  if (request.kind === 'inspect') {
    return { kind: 'inspected', header: await inspect(request.source, request.format) };
  }
  let made = 0;
  const outputs = await render({ ...request, maxPixels: settings.maxPixels }, () => {
    made++;
    if (made < request.outputs.length) {
      answer({ kind: 'progress', fraction: made / request.outputs.length });
    }
  });
  return { kind: 'rendered', outputs };
}

function endIfTooLarge(): void {
  if (process.memoryUsage.rss() - sizeAtStart <= settings.maxRenderBytes) return;
  const message = { kind: 'failed', code: 'image-too-large', message: tooMuchMemory() } as const;
  process.send?.(message satisfies RendererAnswer, () => process.kill(process.pid, 'SIGKILL'));
}

function failure(error: TintypeError): RendererAnswer {
  const cause = error.cause instanceof Error ? error.cause.message : undefined;
  return {
    kind: 'failed',
    code: error.code,
    message: error.message,
    ...(error.output === undefined ? {} : { output: error.output }),
    ...(cause === undefined ? {} : { cause }),
  };
}

function answer(message: RendererAnswer): void {
  process.send?.(message);
}
