/** SQL of a `timestamptz` as answers write it: ISO 8601 with milliseconds, in UTC. For JSON that PostgreSQL makes. */
export const instantSql = (column: string): string =>
  `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
