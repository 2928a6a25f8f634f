/** Languages that somebody asks for, as SQL of a `text[]`; null: those of the shop will do, and no translation is looked at. */
export type LocalesSql = string | null;

/** SQL of the texts of a thing in these languages, each text in the best one; `id` is SQL. */
export const textsSql = (id: string, locales: string): string => `(
    SELECT catalog.merged_texts(said.texts ORDER BY array_position(${locales}, said.locale) DESC)
    FROM catalog.translations said WHERE said.subject_id = ${id} AND said.locale = ANY (${locales}))`;

/** A row `x` with the texts of a thing beside its own row; nothing in the language of the shop. */
export const joinTexts = (id: string, locales: LocalesSql): string =>
  locales === null ? '' : `CROSS JOIN LATERAL (SELECT ${textsSql(id, locales)} AS texts OFFSET 0) x`;

/** SQL of a text of the row that `joinTexts` stands beside; `path` is that of `texts`, `own` SQL of the text of the shop. */
export const saidSql = (path: string, own: string, locales: LocalesSql): string =>
  locales === null ? own : `coalesce(x.texts #>> '{${path}}', ${own})`;

/** SQL of the title of a row of another thing, such as a category that a product stands in. */
export const titleSql = (row: string, locales: LocalesSql): string =>
  locales === null ? `${row}.title` : `coalesce(${textsSql(`${row}.id`, locales)} ->> 'title', ${row}.title)`;

/** Takes all texts of a thing ($1) away: it is deleted. */
export const FORGET_TEXTS = 'DELETE FROM catalog.translations WHERE subject_id = $1';
