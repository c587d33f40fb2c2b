// The enlarger: a child process that runs super-resolution networks over tiles, one batch at a time, on one thread.
//   enlarger.ts SETTINGS     (JSON of EnlargerSettings; an IPC channel to the parent must be there)
import { type FailureMessage, toFailureMessage } from '../errors/failure-message.ts';
import { asOwnStorageFault } from '../errors/storage-fault.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import { serveParent } from '../program/serve-parent.ts';
import { enlargeTiles } from './enlarge-tiles.ts';
import type { EnlargerAnswer, EnlargerRequest, EnlargerSettings } from './enlarger-messages.ts';
import { LoadedNetworks } from './loaded-networks.ts';
import { PixelFile } from './pixel-file.ts';

/** More pixels than any network's first layer looks at. */
const triedSide = 16;

const { executionProviders } = JSON.parse(process.argv[2] ?? '') as EnlargerSettings;
// Parallel work is a matter of more enlargers: tiles need nothing of each other, threads within one wait for each other.
const networks = new LoadedNetworks({ threads: 1, executionProviders });

serveParent(serve);

async function serve(request: EnlargerRequest): Promise<EnlargerAnswer | FailureMessage> {
  try {
    await work(request);
    return { kind: 'done' };
  } catch (error) {
    return toFailureMessage(TintypeError.from(asOwnStorageFault(error)));
  }
}

async function work(request: EnlargerRequest): Promise<void> {
  const network = await networks.get(request.network);
  if (request.kind === 'try') {
    await network.enlarge(new Float32Array(3 * triedSide ** 2), 1, triedSide, triedSide);
    return;
  }
  using source = new PixelFile(request.source);
  using target = new PixelFile(request.target);
  await enlargeTiles(network, source, target, request.tiles);
}
