import pg from 'pg';

// Amounts are far below 2^53 here.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

export type Queryable = Pick<pg.Pool, 'query'>;

/** Rows of a statement that is prepared once per connection. */
export async function rows<R extends pg.QueryResultRow>(
  on: Queryable,
  name: string,
  text: string,
  values: unknown[],
): Promise<R[]> {
  return (await on.query<R>({ name, text, values })).rows;
}

/** Number of rows that a statement wrote. */
export async function written(on: Queryable, name: string, text: string, values: unknown[]): Promise<number> {
  return (await on.query({ name, text, values })).rowCount ?? 0;
}

export async function transaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}
