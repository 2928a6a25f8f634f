import pg from 'pg';

/** Drops what runs of more than two hours ago have left on a server that is not ours; the time stands in the name. */
export async function sweepDatabases(url) {
  const longAgo = Date.now() / 1000 - 2 * 3600;
  await drop(url, 'guildhall_test_', (name) => Number(name.split('_')[2]) < longAgo);
}

/** Drops every database whose name begins with the prefix. */
export async function dropDatabases(url, prefix) {
  await drop(url, prefix, () => true);
}

async function drop(url, prefix, wanted) {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const { rows } = await client.query('SELECT datname FROM pg_database WHERE starts_with(datname, $1)', [
      prefix,
    ]);
    for (const { datname } of rows.filter((row) => wanted(row.datname))) {
      await client.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(datname)} WITH (FORCE)`);
    }
  } finally {
    await client.end();
  }
}
