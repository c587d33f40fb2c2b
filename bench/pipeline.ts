// The job pipeline on the embedded defaults against its peers. One JSON line a row.
//   node bench/pipeline.ts [ROW…]      for instance: node bench/pipeline.ts 1 1b
import { combinationRows } from './rows/combinations.ts';
import { compactNetworkRows } from './rows/compact-network.ts';
import { idleLatency } from './rows/idle-latency.ts';
import { largeImage } from './rows/large-image.ts';
import { largeUpscale } from './rows/large-upscale.ts';
import { leafMirror } from './rows/leaf-mirror.ts';
import { manyUploads } from './rows/many-uploads.ts';
import { queueing } from './rows/queueing.ts';
import { sameNetworkRows } from './rows/same-network.ts';
import { startUp } from './rows/start-up.ts';
import { statusUnderLoad } from './rows/status-under-load.ts';
import { storedSource } from './rows/stored-source.ts';
import { threeSizes } from './rows/three-sizes.ts';
import { upload } from './rows/upload.ts';
import { workerProcesses } from './rows/worker-processes.ts';

const rows = [
  storedSource,
  upload,
  threeSizes,
  idleLatency,
  largeImage,
  manyUploads,
  startUp,
  statusUnderLoad,
  queueing,
  ...combinationRows,
  ...sameNetworkRows,
  ...compactNetworkRows,
  largeUpscale,
  workerProcesses,
  leafMirror,
];
const wanted = process.argv.slice(2);

for (const { number, work, peer, goal, measure } of rows) {
  if (wanted.length > 0 && !wanted.includes(number)) continue;
  console.log(JSON.stringify({ row: number, work, peer, goal, ...(await measure()) }));
}
