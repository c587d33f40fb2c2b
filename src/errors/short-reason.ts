import { systemCode } from './storage-fault.ts';

/** What is wrong and what is underneath, in one line and without a stack: for logs and the command line. */
export function shortReason(thrown: unknown): string {
  if (!(thrown instanceof Error)) return firstLine(String(thrown));
  const said = messageOf(thrown);
  const underneath = thrown.cause === undefined ? firstRoot(thrown) : shortCause(thrown.cause);
  return underneath === '' ? said : `${said} (${underneath})`;
}

/** What the first of several tries failed of; empty for an error of another kind. */
function firstRoot(thrown: Error): string {
  if (!(thrown instanceof AggregateError) || thrown.message === '') return '';
  let root: unknown = thrown;
  for (let next: unknown = root; next instanceof Error; ) {
    root = next;
    next = next instanceof AggregateError ? next.errors[0] : next.cause;
  }
  return root === thrown ? '' : shortCause(root);
}

/** The same of a cause, which may be text that came from another thread. */
export function shortCause(cause: unknown): string {
  if (!(cause instanceof Error)) return firstLine(String(cause));
  return messageOf(cause);
}

function messageOf(error: Error): string {
  // One for each address that was tried, and no message of its own.
  const [first] = error instanceof AggregateError ? error.errors : [];
  const message = error.message || (first instanceof Error ? first.message : '');
  return firstLine(message) || (systemCode(error) ?? error.name);
}

/** A stack that came from another thread begins with the name of the error. */
function firstLine(text: string): string {
  return (text.split('\n', 1)[0] ?? '').replace(/^\w*Error: /, '');
}
