/** SQL of the address of a size; `base` is SQL of what addresses begin with, `rendition` the alias of its row. */
const urlSql = (base: string, rendition: string): string =>
  `${base} || '/v1/media/' || ${rendition}.media_id || '/' || ${rendition}.name`;

/** SQL of the sizes of a row `m` of catalog.media: WebP from small to large, then the one for everybody. */
export const renditionsSql = (base: string): string => `coalesce((
  SELECT json_agg(json_build_object('url', ${urlSql(base, 'r')}, 'width', r.width, 'contentType', r.content_type)
    ORDER BY r.name LIKE 'full.%', r.width)
  FROM catalog.media_renditions r WHERE r.media_id = m.id AND m.state = 'ready'), '[]')`;

/** SQL of the size for everybody of a row `m` of catalog.media, as a row `f`. */
const FULL = `LEFT JOIN catalog.media_renditions f
    ON f.media_id = m.id AND f.name IN ('full.jpg', 'full.png') AND m.state = 'ready'`;

/** SQL of its address. */
export const fullUrlSql = (base: string): string =>
  `(SELECT ${urlSql(base, 'f')} FROM catalog.media_renditions f
    WHERE f.media_id = m.id AND f.name IN ('full.jpg', 'full.png') AND m.state = 'ready')`;

/** SQL of one uploaded picture as pages show it, null until it is ready; both arguments are SQL. */
export const pictureSql = (mediaId: string, base: string): string => `(
  SELECT json_build_object('mediaId', m.id, 'url', ${urlSql(base, 'f')}, 'alt', m.alt, 'width', f.width,
    'height', f.height, 'renditions', ${renditionsSql(base)})
  FROM catalog.media m JOIN catalog.media_renditions f
    ON f.media_id = m.id AND f.name IN ('full.jpg', 'full.png') AND m.state = 'ready'
  WHERE m.id = ${mediaId})`;

/**
 * SQL of the pictures of a row `p` of catalog.products: what is told of plain addresses, and of uploads what was made of
 * them. Staff see those too that are not ready, and how they are. `base` is SQL.
 */
export const productMediaSql = (base: string, audience: 'shop' | 'staff'): string => `coalesce((
    SELECT json_agg(json_build_object('mediaId', m.id, ${audience === 'staff' ? "'state', m.state, " : ''}
      'url', coalesce(e.entry->>'url', ${urlSql(base, 'f')}), 'alt', coalesce(e.entry->>'alt', m.alt),
      'width', f.width, 'height', f.height, 'renditions', ${renditionsSql(base)}) ORDER BY e.n)
    FROM json_array_elements(p.media) WITH ORDINALITY e (entry, n)
      LEFT JOIN catalog.media m ON m.id = (e.entry->>'mediaId')::uuid ${FULL}
    ${audience === 'shop' ? "WHERE e.entry->>'url' IS NOT NULL OR f.name IS NOT NULL" : ''}), '[]')`;
