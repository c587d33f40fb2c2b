import { InferenceSession, listSupportedBackends, Tensor } from 'onnxruntime-node';

export interface NetworkSettings {
  readonly threads: number;
  /** ONNX Runtime's execution providers, the first that can do a step does it. */
  readonly executionProviders: readonly string[];
}

/** A network that is loaded: small planes in, enlarged ones out (docs/models.md). */
export class Network implements AsyncDisposable {
  readonly #session: InferenceSession;

  private constructor(session: InferenceSession) {
    this.#session = session;
  }

  /** Throws what ONNX Runtime throws: no such file, no network, a provider that is not there. */
  static async load(file: string, { threads, executionProviders }: NetworkSettings): Promise<Network> {
    // It would go on without, and tell nobody.
    const missing = executionProviders.find(name =>
      listSupportedBackends().every(known => known.name !== name),
    );
    if (missing !== undefined) throw new Error(`ONNX Runtime has no "${missing}" on this system.`);
    const session = await InferenceSession.create(file, {
      executionProviders,
      intraOpNumThreads: threads,
      // A thread that waits for the next step in a loop takes the processor from the renderers.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
      logSeverityLevel: 3,
    });
    return new Network(session);
  }

  /** (count, 3, height, width), RGB, 0 to 1 → (count, 3·scale², height, width), in a pixel shuffle's order. */
  async enlarge(planes: Float32Array, count: number, height: number, width: number): Promise<Float32Array> {
    const image = new Tensor('float32', planes, [count, 3, height, width]);
    const { enlarged } = await this.#session.run({ image });
    if (enlarged?.type !== 'float32') throw new Error('The network has no output "enlarged" of float32.');
    return enlarged.data as Float32Array;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.release();
  }
}
