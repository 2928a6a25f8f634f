import { defineMail, renderMail } from './templates.js';

describe('a template of a mail', () => {
  it('shows what people typed as text, never as HTML', () => {
    defineMail('spec_escape', ({ name }: { name: string }) => ({
      subject: `For ${name}`,
      paragraphs: [`Dear ${name},`],
      action: { label: name, url: 'https://shop.test/?a=1&b="2"' },
    }));
    const name = `<script>alert('x')</script> & "Co"`;
    const { html, text } = renderMail('spec_escape', { name }, '<b>Shop</b>');
    expect(html).not.toMatch(/<script|<b>/);
    expect(html).toContain('&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;Co&quot;');
    expect(html).toContain('href="https://shop.test/?a=1&amp;b=&quot;2&quot;"');
    expect(text).toContain(`Dear ${name},`);
  });

  it('has a name of its own', () => {
    const content = () => ({ subject: '', paragraphs: [] });
    defineMail('spec_twice', content);
    expect(() => defineMail('spec_twice', content)).toThrow('declared twice');
    expect(() => renderMail('spec_unknown', {}, 'Shop')).toThrow('no mail spec_unknown');
  });
});
