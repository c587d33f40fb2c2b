// Writes the networks that the npm package nsfwjs carries as files that features.py reads:
//   node unpack-nsfwjs.cjs PACKAGE OUT
const fs = require('node:fs');
const path = require('node:path');

const [folder, out] = process.argv.slice(2);
fs.mkdirSync(out, { recursive: true });
for (const network of ['inception_v3', 'mobilenet_v2']) {
  const models = path.resolve(folder, 'dist/models', network);
  const [{ paths, weights }] = require(path.join(models, 'model.min.js')).weightsManifest;
  const bytes = paths.map((_, index) => {
    const file = `group1-shard${index + 1}of${paths.length}.min.js`;
    return Buffer.from(require(path.join(models, file)), 'base64');
  });
  fs.writeFileSync(path.join(out, `${network}.json`), JSON.stringify(weights));
  fs.writeFileSync(path.join(out, `${network}.bin`), Buffer.concat(bytes));
}
