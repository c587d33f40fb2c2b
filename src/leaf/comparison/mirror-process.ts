// Keeps the copies in one of the ways that are compared, in a process of its own, so that what it takes can be told from
// what everything else takes. The first message from its parent has its settings; it ends with its parent.
import { once } from 'node:events';
import type { MirrorAnswer, MirrorRequest, MirrorSettings } from './mirror-messages.ts';
import { type Mirror, startMirror } from './mirror-parts.ts';
import { countWireBytes } from './wire-bytes.ts';

const wireBytes = countWireBytes();
process.on('disconnect', () => process.exit());
// A terminal's Ctrl-C reaches it, too; when it ends is its parent's business.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});

const [settings] = (await once(process, 'message')) as [MirrorSettings];
const mirror = await orFail(
  startMirror(settings, (plant, images, bytes) => tell({ kind: 'moved', plant, images, bytes })),
);
if (mirror) {
  process.on('message', (request: MirrorRequest) => orFail(serve(mirror, request)));
  tell({ kind: 'ready' });
}

async function serve(mirror: Mirror, request: MirrorRequest): Promise<void> {
  if (request.kind === 'changed') mirror.changed(request.plant, request.id);
  else if (request.kind === 'usage')
    tell({ kind: 'usage', usage: { ...wireBytes(), cpuSeconds: cpuSeconds() } });
  else {
    await mirror.copy();
    tell({ kind: 'copied' });
  }
}

async function orFail<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
    return undefined;
  }
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
}

function tell(message: MirrorAnswer): void {
  process.send?.(message);
}
