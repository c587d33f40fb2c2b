import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { pythonWith } from '../../test/support/servers/python-environment.ts';

/** The last TensorFlow whose Keras is the one that ISR was written for. */
const packages = [
  [
    'tensorflow-cpu==2.15.1',
    'numpy==1.26.4',
    'h5py==3.16.0',
    'imageio==2.38.1',
    'tqdm==4.70.1',
    'pyaml==26.7.0',
  ],
  ['--no-deps', 'ISR==2.2.0'],
];

/** idealo's image-super-resolution with its psnr-small network of random weights, as a process. */
export class Isr implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #lines: Interface;

  private constructor(child: ChildProcess, lines: Interface) {
    this.#process = child;
    this.#lines = lines;
  }

  /** For square images of so many pixels a side. */
  static async start(side: number): Promise<Isr> {
    const python = await pythonWith('isr-2.2.0-tensorflow-2.15.1', packages, 'ISR on TensorFlow');
    if (python === undefined) throw new Error('ISR and TensorFlow could not be installed.');
    const file = path.resolve(import.meta.dirname, '../peers/isr.py');
    const child = spawn(python, [file, String(side)], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' },
    });
    const lines = createInterface({ input: child.stdout });
    const isr = new Isr(child, lines);
    await isr.#said(/^ready$/);
    return isr;
  }

  /** Milliseconds that one image took. */
  async run(): Promise<number> {
    const said = this.#said(/^milliseconds (.+)$/);
    this.#process.stdin?.write('\n');
    return Number((await said)[1]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await gone;
  }

  #said(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const hear = (line: string) => {
        const match = pattern.exec(line);
        if (!match) return;
        this.#lines.off('line', hear).off('close', end);
        resolve(match);
      };
      const end = () => reject(new Error('ISR ended before it answered.'));
      this.#lines.on('line', hear).on('close', end);
    });
  }
}
