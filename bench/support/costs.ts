import { median, percentile } from '../../test/support/percentile.ts';

interface Cost {
  /** Milliseconds of each call. */
  readonly times: number[];
  /** Milliseconds of all. */
  wall: number;
  /** Microseconds of all, of all threads of this process. */
  cpu: number;
}

/** What calls cost, by their name, over as many measurements as there are. */
export class Costs {
  readonly #byName = new Map<string, Cost>();

  async measure(name: string, count: number, call: () => Promise<unknown>, atOnce = 1): Promise<void> {
    const cost = this.#byName.get(name) ?? { times: [], wall: 0, cpu: 0 };
    this.#byName.set(name, cost);
    let left = count;
    const caller = async () => {
      while (left-- > 0) {
        const start = performance.now();
        await call();
        cost.times.push(performance.now() - start);
      }
    };
    const cpu = process.cpuUsage();
    const began = performance.now();
    await Promise.all(Array.from({ length: atOnce }, caller));
    cost.wall += performance.now() - began;
    const { user, system } = process.cpuUsage(cpu);
    cost.cpu += user + system;
  }

  /** Microseconds a call; `each` is the wall time by the number of calls: what one costs where several share the time. */
  figures() {
    const entries = [...this.#byName].map(([name, { times, wall, cpu }]) => [
      name,
      {
        cpu: Math.round(cpu / times.length),
        each: Math.round((wall / times.length) * 1000),
        median: Math.round(median(times) * 1000),
        p95: Math.round(percentile(times, 0.95) * 1000),
      },
    ]);
    return Object.fromEntries(entries);
  }
}
