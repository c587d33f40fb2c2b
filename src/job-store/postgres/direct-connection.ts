import type pg from 'pg';

/**
 * Whether the database itself is at the other end of a connection. A pooler tells its clients of a process that is not
 * the one that answers.
 */
export async function isDirect(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  // Not in the types: what the server said when the connection began.
  const { processID } = client as pg.ClientBase & { processID?: number };
  return rows[0]?.pid === processID;
}
