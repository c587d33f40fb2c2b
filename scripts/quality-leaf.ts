// Measures the classifier of leaves on photos that nothing was learnt from, through the process that serves the analyzer;
// writes the figures into its card and docs/leaf-classifier.md.
//   npm run quality:leaf       needs TINTYPE_TEST_DATA (leaf and sr)
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { measureLeaves } from '../bench/quality/leaf-measures.ts';
import { writeLeafPage } from '../bench/quality/leaf-page.ts';
import { testLeaves, testOthers } from '../bench/quality/leaf-photos.ts';
import { Classifier } from '../src/leaf/analyzer/classifier.ts';
import { readClassifierCard } from '../src/leaf/analyzer/classifier-card.ts';
import { createLogger } from '../src/telemetry/logger.ts';

const data = process.env.TINTYPE_TEST_DATA;
if (!data) throw new Error('Set TINTYPE_TEST_DATA to the folder that has leaf and sr.');

const card = readClassifierCard();
const classifier = new Classifier({
  logger: createLogger('warn'),
  metrics: { renderersKilled: { inc: () => {} } },
});
const answers = [];
for (const photo of await testLeaves(path.join(data, 'leaf')))
  answers.push({ photo, probabilities: await classifier.probabilities(photo.jpeg) });
const others = [];
for (const photo of await testOthers(path.join(data, 'sr')))
  others.push(await classifier.probabilities(photo));
await classifier.stop();

const quality = measureLeaves(card, answers, others);
const file = path.resolve(import.meta.dirname, '../models/leaf/classifier.json');
writeFileSync(file, `${JSON.stringify({ ...card, quality }, null, 2)}\n`);
writeLeafPage(quality);
console.log(JSON.stringify(quality, null, 2));
