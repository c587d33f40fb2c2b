/** Queries are text and the validator coerces nothing, so that JSON bodies are taken as they are. */
export function numericLimit(request: { query: unknown }, _reply: unknown, done: () => void): void {
  const query = request.query as { limit?: unknown };
  if (typeof query.limit === 'string' && /^\d{1,9}$/.test(query.limit)) query.limit = Number(query.limit);
  done();
}
