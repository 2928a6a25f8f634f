/** What a template says; the layout is put around it. */
export interface MailContent {
  subject: string;
  /** Paragraphs of plain text. A link stands in a paragraph of its own. */
  paragraphs: string[];
  /** One button at the most. */
  action?: { label: string; url: string };
}

type Template = (data: never) => MailContent;

const templates = new Map<string, Template>();

/** Declares a template, in a module's `*.mails.ts`. `data` is what `mail.request` was given. */
export function defineMail<D extends object>(
  name: string,
  template: (data: D) => MailContent,
): { name: string } {
  if (templates.has(name)) throw new Error(`the mail ${name} is declared twice`);
  templates.set(name, template as Template);
  return { name };
}

/** Subject, text and HTML of a mail. */
export function renderMail(
  name: string,
  data: object,
  shopName: string,
): { subject: string; text: string; html: string } {
  const template = templates.get(name);
  if (!template) throw new Error(`there is no mail ${name}`);
  const { subject, paragraphs, action } = template(data as never);
  const text = [...paragraphs, ...(action ? [`${action.label}: ${action.url}`] : []), `— ${shopName}`].join(
    '\n\n',
  );
  return { subject, text: `${text}\n`, html: layout(subject, paragraphs, action, shopName) };
}

function layout(
  subject: string,
  paragraphs: string[],
  action: MailContent['action'],
  shopName: string,
): string {
  const body = paragraphs.map((text) => `<p>${escape(text).replace(/\n/g, '<br>')}</p>`).join('\n');
  const button = action
    ? `<p><a href="${escape(action.url)}" style="background:#1d3b2f;color:#fff;padding:12px 20px;border-radius:6px;text-decoration:none;display:inline-block">${escape(action.label)}</a></p>`
    : '';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(subject)}</title></head>
<body style="font-family:system-ui,sans-serif;line-height:1.5;color:#222;background:#f6f5f2;margin:0;padding:24px">
<main style="max-width:560px;margin:auto;background:#fff;padding:24px 32px;border-radius:8px">
${body}
${button}
<p style="color:#777">${escape(shopName)}</p>
</main></body></html>
`;
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escape = (text: string): string => text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);
