import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Who may import whom, by folder of src/. `docs/architecture.md` explains the shape. The files right in
 * src/ and those of cli and wiring may import everything.
 */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  config: [
    'errors',
    'telemetry',
    'jobs/export-store.ts',
    'jobs/retention.ts',
    'super-resolution/model-names.ts',
  ],
  telemetry: ['errors'],
  program: [],
  jobs: ['errors'],
  answers: ['errors', 'jobs'],
  images: ['errors', 'telemetry', 'program', 'super-resolution'],
  'super-resolution': ['errors', 'telemetry', 'jobs', 'program'],
  'job-store': ['errors', 'telemetry', 'jobs', 'program'],
  queue: ['errors', 'telemetry', 'jobs', 'kafka', 'sqs'],
  kafka: ['errors', 'telemetry'],
  sqs: ['errors'],
  mongodb: ['errors', 'answers'],
  intake: ['errors', 'telemetry', 'jobs', 'answers', 'kafka', 'mongodb', 'sqs'],
  objects: ['errors', 'telemetry', 'jobs', 'program'],
  fetch: ['errors', 'telemetry', 'jobs'],
  secrets: ['errors', 'program'],
  deliveries: ['errors', 'telemetry', 'jobs', 'answers', 'fetch', 'kafka', 'mongodb', 'secrets', 'sqs'],
  worker: ['errors', 'telemetry', 'jobs', 'images', 'fetch'],
  backup: ['errors', 'jobs', 'program'],
  cli: ['*'],
  // What every HTTP server of ours needs, whatever it serves.
  web: ['errors', 'telemetry'],
  // A system of its own beside the job pipeline: it knows nothing of jobs.
  leaf: [
    'errors',
    'telemetry',
    'config',
    'kafka',
    'program',
    'web',
    'mongodb/mongo-client.ts',
    'mongodb/mongo-faults.ts',
    // Strangers' photos are decoded as those of jobs are: in processes that may die of them.
    'images/admission.ts',
    'images/process-pool.ts',
    'images/render-failure.ts',
  ],
  wiring: ['*'],
  http: [
    'errors',
    'telemetry',
    'jobs',
    'web',
    'program',
    'secrets',
    'images/filename-characters.ts',
    'images/image-header.ts',
    'images/limits.ts',
    'images/output-names.ts',
    'images/output-options.ts',
    'super-resolution/model-library.ts',
    'super-resolution/model-names.ts',
    'super-resolution/model-view.ts',
  ],
};

/** A client library belongs to the folder of the drivers that wrap it. A name that ends in `/` stands for its scope. */
const libraryHomes: Readonly<Record<string, readonly string[]>> = {
  // In leaf it encodes drawings of ours, and decodes photos in processes of their own.
  sharp: ['images', 'leaf'],
  'onnxruntime-node': ['leaf', 'super-resolution'],
  h5wasm: ['super-resolution'],
  protobufjs: ['super-resolution'],
  kysely: ['job-store'],
  pg: ['job-store'],
  'node:sqlite': ['job-store'],
  undici: ['fetch'],
  '@aws-sdk/client-s3': ['objects'],
  '@aws-sdk/s3-request-presigner': ['objects'],
  'ipaddr.js': ['fetch'],
  fastify: ['http', 'leaf', 'web'],
  '@fastify/': ['http', 'web'],
  '@tus/': ['http'],
  pino: ['telemetry'],
  'prom-client': ['leaf', 'telemetry'],
  bullmq: ['queue'],
  ioredis: ['queue'],
  '@aws-sdk/client-sqs': ['deliveries', 'queue', 'sqs'],
  '@platformatic/kafka': ['kafka'],
  mongodb: ['leaf', 'mongodb'],
  croner: ['config', 'intake'],
  avsc: ['kafka'],
  commander: ['cli'],
  standardwebhooks: ['deliveries'],
};

/** The files and folders of src/ that may read the environment. */
const environmentReaders = ['config', 'cli', 'main.ts'];

export interface Fault {
  /** From the folder that was checked. */
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** Checks every file of a source folder against the rules above. Tests may import what they like. */
export function checkFolder(root: string): Fault[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map(file => file.split(path.sep).join('/'))
    .sort()
    .flatMap(file => checkFile(file, readFileSync(path.join(root, file), 'utf8')));
}

/** `file` is relative to src/, with forward slashes. */
export function checkFile(file: string, source: string): Fault[] {
  const [folder = '', ...rest] = file.split('/');
  const faults: Fault[] = [];
  const report = (index: number, message: string): void => {
    faults.push({ file, line: source.slice(0, index).split('\n').length, message });
  };
  if (rest.length > 0 && !(folder in mayImport)) report(0, `lies in ${folder}/, which has no import rule`);
  for (const { specifier, index } of importsOf(source)) {
    const message = specifier.startsWith('.')
      ? relativeFault(file, folder, specifier)
      : libraryFault(folder, specifier);
    if (message) report(index, message);
  }
  const environment = source.search(/\bprocess\.env\b/);
  if (environment >= 0 && !environmentReaders.includes(folder)) {
    report(environment, `reads the environment; only ${environmentReaders.join(', ')} may`);
  }
  return faults;
}

/** Static imports, re-exports and dynamic imports of literal names; each at the start of its statement. */
function importsOf(source: string): { specifier: string; index: number }[] {
  const statement =
    /^(?:import|export)\b[^;'"`]*?\bfrom\s*['"](.+?)['"]|^import\s*['"](.+?)['"]|\bimport\(\s*['"](.+?)['"]/gm;
  return [...source.matchAll(statement)].map(match => ({
    specifier: match[1] ?? match[2] ?? match[3] ?? '',
    index: match.index,
  }));
}

function relativeFault(file: string, folder: string, specifier: string): string | undefined {
  const allowed = mayImport[folder];
  const target = path.posix.join(path.posix.dirname(file), specifier);
  const targetFolder = target.split('/')[0] ?? '';
  if (target === '../package.json') return undefined;
  if (targetFolder === '..') return `imports ${specifier}, which is outside src/`;
  if (!allowed || allowed.includes('*') || targetFolder === folder) return undefined;
  if (allowed.includes(targetFolder) || allowed.includes(target)) return undefined;
  return `imports ${target}; ${folder} may import ${allowed.length > 0 ? allowed.join(', ') : 'nothing'}`;
}

function libraryFault(folder: string, specifier: string): string | undefined {
  const rule = Object.entries(libraryHomes).find(([name]) =>
    name.endsWith('/') ? specifier.startsWith(name) : specifier === name || specifier.startsWith(`${name}/`),
  );
  if (!rule || rule[1].includes(folder)) return undefined;
  return `imports ${specifier}; only ${rule[1].join(', ')} may`;
}
