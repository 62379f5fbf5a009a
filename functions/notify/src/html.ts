import { type Colours, dark, light } from './colours.ts';
import type { Content, Line } from './content.ts';

/** Phones would turn numbers and dates in file names into links. */
const noLinks = 'telephone=no,date=no,address=no,email=no,url=no';
const serif = "ui-serif,'Iowan Old Style',Palatino,Georgia,serif";
const sans = "system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";

/** Colours, by class: those of the light mode are in the elements as well, for programs that drop the style sheet. */
const painted = (colours: Colours) => ({
  ground: `background:${colours.ground};color:${colours.ink}`,
  card: `background:${colours.card};border-color:${colours.line}`,
  ink: `color:${colours.ink}`,
  faint: `color:${colours.faint}`,
  first: `background:${colours.safelight};border-color:${colours.safelight};color:${colours.onSafelight}`,
  second: `border-color:${colours.line};color:${colours.ink}`,
  quiet: `border-color:${colours.card};color:${colours.faint}`,
  print: `border-color:${colours.paper};background:${colours.paper}`,
});
type Paint = keyof ReturnType<typeof painted>;

const inLight = painted(light);
const inDark = Object.entries(painted(dark))
  .map(([name, style]) => `.${name}{${style.replaceAll(/(?=;)|$/g, '!important')}}`)
  .join('');

/** A class, and its style. */
const look = (paint: Paint, style: string) => `class="${paint}" style="${style};${inLight[paint]}"`;

/**
 * A mail as HTML, in the clothes of the page.
 * @param picture the Content-ID of the picture, if there is one
 */
export function html(
  { locale, subject, home, caption, prints, whereabouts, links, sections, ...ending }: Content,
  picture?: string,
): string {
  const buttons = links.map((each, index) => button(index === 0 ? 'first' : each === links.at(-1) ? 'quiet' : 'second', each));
  const parts = [
    `<h1 style="margin:0 0 20px;font:24px/1.25 ${serif}">${escape(subject)}</h1>`,
    picture === undefined ? '' : figure(picture, caption ?? '', links[0]?.href ?? home),
    list(prints),
    `<p style="margin:0 0 20px">${escape(whereabouts)}</p>`,
    `<p style="margin:0">${buttons.join('\n')}</p>`,
    ...sections.map(({ heading, lines }) => section(heading, lines)),
  ];
  return `<!doctype html>
<html lang="${locale}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark"><meta name="format-detection" content="${noLinks}"><title>${escape(subject)}</title>
<style>:root{color-scheme:light dark;supported-color-schemes:light dark}@media(max-width:480px){.page{padding:16px 8px!important}.card{padding:20px 16px!important}.first,.second,.quiet{display:block!important;margin-right:0!important}}@media(prefers-color-scheme:dark){${inDark}}</style></head>
<body ${look('ground', 'margin:0;padding:0')}>
<div class="page" style="padding:24px 16px;font:16px/1.5 ${sans}">
<div style="max-width:560px;margin:0 auto">
<p style="margin:0 0 16px;font:24px/1.2 ${serif}"><a href="${escape(home)}/" ${look('ink', 'text-decoration:none')}><span aria-hidden="true" style="color:#d43d1a">&#9679;</span> Darkroom</a></p>
<div ${look('card', 'padding:28px 32px;border:1px solid;border-radius:4px;overflow-wrap:anywhere')}>
${parts.filter((part) => part !== '').join('\n')}
</div>
<p ${look('faint', 'margin:16px 0 0;font-size:13px')}>${escape(ending.retention)}</p>
<p ${look('faint', 'margin:8px 0 0;font-size:13px')}>${escape(ending.origin)}</p>
</div></div></body></html>
`;

  function list(lines: readonly Line[]): string {
    if (lines.length === 0) return '';
    return `<ul style="margin:0 0 20px;padding-left:20px">${lines.map((line) => `<li>${item(line)}</li>`).join('')}</ul>`;
  }

  function item({ text, reason }: Line): string {
    if (reason === undefined) return escape(text);
    return `${escape(text)}: ${locale === 'en' ? escape(reason) : `<span lang="en">${escape(reason)}</span>`}`;
  }

  function section(heading: string, lines: readonly Line[]): string {
    return `<h2 style="margin:24px 0 8px;font-size:16px">${escape(heading)}</h2>\n${list(lines)}`;
  }
}

/** A print, on its paper. */
function figure(picture: string, caption: string, href: string): string {
  const paper = look('print', 'box-sizing:border-box;max-width:100%;max-height:336px;border:8px solid');
  return `<p style="margin:0 0 20px"><a href="${escape(href)}" style="display:inline-block;max-width:336px"><img src="cid:${picture}" alt="${escape(caption)}" ${paper}></a><br><span ${look('faint', 'font-size:13px')}>${escape(caption)}</span></p>`;
}

function button(paint: 'first' | 'second' | 'quiet', { text, href }: { text: string; href: string }): string {
  const shape = 'display:inline-block;margin:0 8px 8px 0;border:1px solid;border-radius:4px;text-align:center';
  const more = paint === 'quiet' ? 'padding:10px 0;text-decoration:underline' : 'padding:10px 18px;text-decoration:none';
  return `<a href="${escape(href)}" ${look(paint, `${shape};${more}`)}>${escape(text)}</a>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
