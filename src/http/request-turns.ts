import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Requests of one connection that may be unanswered. Clients send the next after the answer; few send some ahead. */
const mostUnanswered = 8;

/**
 * Answers the requests of a connection one after another. Node would begin all that a client sends ahead (pipelining,
 * RFC 9112, section 9.3.2) as it finds them, some 2,000 in one read, and hold all the answers until they are read.
 */
export class RequestTurns {
  readonly #waiting = new WeakMap<Socket, (() => void)[]>();

  /**
   * Calls `begin` once everything is answered that came before on the connection. Whoever sends too much ahead loses the
   * connection, and what waited on it is not begun.
   */
  take({ socket }: { socket: Socket }, answer: ServerResponse, begin: () => void): void {
    const turn = () => {
      answer.once('close', () => this.#next(socket));
      begin();
    };
    const waiting = this.#waiting.get(socket);
    if (waiting === undefined) {
      this.#waiting.set(socket, []);
      turn();
    } else if (waiting.length < mostUnanswered - 1) {
      waiting.push(turn);
    } else {
      socket.destroy();
    }
  }

  #next(socket: Socket): void {
    const turn = socket.destroyed ? undefined : this.#waiting.get(socket)?.shift();
    if (turn === undefined) this.#waiting.delete(socket);
    else turn();
  }
}
