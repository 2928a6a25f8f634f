import { Category } from './category.entity.js';

describe('Category', () => {
  const under = (id: string, parent: Category | null = null) =>
    Category.under(parent, { id, handle: id, title: id, position: 0 });

  it('knows its way from the root', () => {
    const root = under('root');
    expect([root.parentId, root.path]).toEqual([null, ['root']]);
    const leaf = under('leaf', under('middle', root));
    expect([leaf.parentId, leaf.path]).toEqual(['middle', ['root', 'middle', 'leaf']]);
    leaf.moveUnder(null);
    expect([leaf.parentId, leaf.path]).toEqual([null, ['leaf']]);
  });

  it('does not move below itself, however deep, and stays where it was', () => {
    const root = under('root');
    const leaf = under('leaf', under('middle', root));
    for (const parent of [leaf, root]) expect(() => root.moveUnder(parent)).toThrow(/itself/);
    expect([root.parentId, root.path]).toEqual([null, ['root']]);
  });
});
