import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { systemCode } from '../errors/storage-fault.ts';
import { type Change, makeChanges } from './durable-changes.ts';

/** From the main thread; `close` is the last. */
export type Request = { readonly id: number; readonly change: Change } | 'close';

/** A change is made, or has a fault. An error's `code` does not survive the way between threads by itself. */
export interface Answer {
  readonly id: number;
  readonly fault?: { readonly message: string; readonly code: string | undefined };
}

if (parentPort !== null) serve(parentPort, workerData as string);

/** Makes all changes that wait as one batch and answers them with one message, until it is told to close. */
function serve(port: MessagePort, root: string): void {
  port.on('message', (first: Request) => {
    const received = [first, ...waiting(port)];
    const requests = received.filter(request => request !== 'close');
    const changes = requests.map(({ change }) => change);
    const faults = makeChanges(root, changes);
    port.postMessage(requests.map(({ id }, i): Answer => ({ id, ...describe(faults[i]) })));
    if (requests.length < received.length) port.close();
  });
}

function waiting(port: MessagePort): Request[] {
  const requests: Request[] = [];
  for (;;) {
    const received = receiveMessageOnPort(port);
    if (received === undefined) return requests;
    requests.push(received.message as Request);
  }
}

function describe(fault: unknown): Pick<Answer, 'fault'> {
  if (fault === undefined) return {};
  return {
    fault: { message: fault instanceof Error ? fault.message : String(fault), code: systemCode(fault) },
  };
}
