import assert from 'node:assert/strict';
import { codes } from '../../src/errors/codes.ts';

/** What must never stand in an answer: paths of the machine, lines of a stack. */
const tellsOfTheMachine = /node_modules|file:\/\/\/|\/src\/|\/tmp\/|\/home\/|\n\s+at /;

/** A refusal as documented: problem+json with a known code that goes with the status, and nothing of the machine. */
export function assertProblem(status: number, contentType: string, body: string, what: string): string {
  assert.match(contentType, /^application\/problem\+json/, what);
  const problem = JSON.parse(body) as { status: number; code: keyof typeof codes; detail: string };
  assert.equal(problem.status, status, what);
  assert.ok(Object.hasOwn(codes, problem.code), `${what}: ${problem.code}`);
  assert.ok(status >= 400 && status < 500, `${what}: ${body}`);
  assert.notEqual(problem.detail, '', what);
  assertDiscreet(body, what);
  return problem.code;
}

export function assertDiscreet(text: string, what: string): void {
  assert.doesNotMatch(text, tellsOfTheMachine, what);
}
