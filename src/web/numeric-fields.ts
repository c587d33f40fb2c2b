/** Queries are text and the validator coerces nothing, so that JSON bodies are taken as they are. */
export function numericFields(...names: readonly string[]) {
  return (request: { query: unknown }, _reply: unknown, done: () => void): void => {
    const query = request.query as Record<string, unknown>;
    for (const name of names) {
      const text = query[name];
      if (typeof text === 'string' && /^\d{1,9}$/.test(text)) query[name] = Number(text);
    }
    done();
  };
}
