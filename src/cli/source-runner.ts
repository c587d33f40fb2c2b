import { createReadStream } from 'node:fs';
import path from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import type { App } from '../app.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import { cleanFilename } from '../http/filename.ts';
import { requestedSource } from '../http/jobs/job-request.ts';
import type { Job, OutputRequest, Source } from '../jobs/job.ts';
import type { ObjectStore } from '../jobs/object-store.ts';
import { localOwner } from '../jobs/owner.ts';
import { uploadKey } from '../jobs/upload-store.ts';
import { EndedJobs } from './ended-jobs.ts';
import { type OutputFlags, requestedOutputs } from './output-flags.ts';
import type { OutputFolder } from './output-folder.ts';
import type { OutputResult, RunReport, SourceResult } from './run-report.ts';
import type { RunSource } from './run-sources.ts';

/** One source with all that is decided about it before the work begins. */
export interface PlannedSource {
  readonly given: string;
  readonly file: string | undefined;
  readonly url: string | undefined;
  readonly filename: string;
  readonly outputs: readonly OutputRequest[];
  /** Where each output is saved, by its name. */
  readonly targets: ReadonlyMap<string, string>;
}

/** Names the outputs in the order of the sources, so that the same call gives the same names. Throws `invalid-request`. */
export async function planWork(
  sources: readonly RunSource[],
  flags: OutputFlags,
  folder: OutputFolder,
  objects: ObjectStore,
): Promise<PlannedSource[]> {
  const work: PlannedSource[] = [];
  for (const { given, file } of sources) {
    const remote =
      file === undefined ? await requestedSource({ url: given }, localOwner, objects) : undefined;
    const filename = remote?.filename ?? cleanFilename(path.basename(given));
    const outputs = requestedOutputs(flags, filename);
    const targets = new Map(outputs.map(output => [output.name, folder.reserve(output.filename)]));
    work.push({
      given,
      file,
      url: remote && 'url' in remote ? remote.url : undefined,
      filename,
      outputs,
      targets,
    });
  }
  return work;
}

/** Takes sources through the pipeline: submitted as jobs, waited for, saved, reported. */
export class SourceRunner {
  readonly #app: App;
  readonly #folder: OutputFolder;
  readonly #report: RunReport;
  readonly #signal: AbortSignal;
  readonly #endedJobs: EndedJobs;

  constructor(app: App, folder: OutputFolder, report: RunReport, signal: AbortSignal) {
    this.#app = app;
    this.#folder = folder;
    this.#report = report;
    this.#signal = signal;
    this.#endedJobs = new EndedJobs(app.store);
    app.store.changes.subscribe(change => {
      if (change.kind === 'progress') report.progress(change.jobId, change.progress);
    });
  }

  /**
   * Resolves when every source has its result, or soon after the signal; never rejects.
   * `firstPosition` is the first one's in the report.
   */
  async run(work: readonly PlannedSource[], firstPosition: number, inFlight: number): Promise<void> {
    const waiting = work.entries();
    const takeInTurn = async (): Promise<void> => {
      for (const [index, source] of waiting) {
        const result = await this.#runOne(source);
        if (this.#signal.aborted) return;
        this.#report.ended(firstPosition + index, result);
      }
    };
    await Promise.all(Array.from({ length: inFlight }, takeInTurn));
  }

  async #runOne(planned: PlannedSource): Promise<SourceResult> {
    try {
      const { id } = await this.#submit(planned);
      const job = await this.#endedJobs.ended(id, this.#signal);
      this.#report.progress(id, 0);
      return await this.#save(job, planned);
    } catch (error) {
      return { source: planned.given, status: 'failed', outputs: [], error: faultOf(error) };
    }
  }

  async #submit(planned: PlannedSource): Promise<Job> {
    const { outputs } = planned;
    return this.#app.jobs.submit({
      owner: localOwner,
      priority: 'normal',
      source: await this.#source(planned),
      outputs,
    });
  }

  async #source({ file, url, filename }: PlannedSource): Promise<Source> {
    if (file === undefined) return { url: url ?? '', filename };
    const upload = uuidv7();
    await this.#app.store.uploads.create({ id: upload, owner: localOwner, filename });
    await this.#app.objects.put(uploadKey(upload), createReadStream(file));
    return { upload, filename };
  }

  /** Copies what was made into the output folder and empties the scratch store of it. */
  async #save(job: Job, { given, targets }: PlannedSource): Promise<SourceResult> {
    const { objects } = this.#app;
    const outputs: OutputResult[] = [];
    for (const { name, status, stored, failure } of job.outputs) {
      if (stored === undefined) outputs.push({ name, status, ...(failure && { error: failure }) });
      else {
        const target = targets.get(name) ?? this.#folder.reserve(name);
        await this.#folder.save(objects, stored.key, target, this.#signal);
        const { key: _, ...facts } = stored;
        outputs.push({ ...facts, status, file: path.relative(process.cwd(), target) });
      }
    }
    const uploads = 'upload' in job.source ? [uploadKey(job.source.upload)] : [];
    await objects.delete([...uploads, ...job.outputs.flatMap(({ stored }) => stored?.key ?? [])]);
    return {
      source: given,
      status: job.status === 'complete' ? 'complete' : 'failed',
      outputs,
      ...(job.failure && { error: job.failure }),
      milliseconds: (job.endedAt ?? 0) - (job.startedAt ?? job.submittedAt),
    };
  }
}

/** For the person at the terminal, who may see what the file system says about their own files. */
function faultOf(error: unknown): { code: string; message: string } {
  if (error instanceof TintypeError) return { code: error.code, message: error.message };
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) };
}
