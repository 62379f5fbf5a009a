/** A mail as HTML. `parts` are already HTML; format-detection keeps phones from turning numbers and dates in file names into links. */
export function page(title: string, parts: string[]): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="format-detection" content="telephone=no,date=no,address=no,email=no,url=no"><title>${escape(title)}</title></head>
<body style="margin:0;padding:24px;background:#f4f1ea;color:#222;font:16px/1.5 Georgia,serif">
<div style="max-width:560px;margin:auto;background:#fff;padding:24px 32px;border:1px solid #ddd6c8">
<h1 style="font-size:20px">${escape(title)}</h1>
${parts.filter((part) => part !== '').join('\n')}
</div></body></html>
`;
}

export const paragraph = (text: string) => (text === '' ? '' : `<p>${escape(text)}</p>`);
export const small = (text: string) => `<p style="font-size:13px;color:#666">${escape(text)}</p>`;
export const link = (href: string, text: string) => `<p><a href="${escape(href)}" style="color:#8a2b1d">${escape(text)}</a></p>`;
export const list = (lines: string[]) =>
  lines.length === 0 ? '' : `<ul>${lines.map((line) => `<li>${escape(line)}</li>`).join('')}</ul>`;

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
