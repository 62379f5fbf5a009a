import { createHash } from 'node:crypto';
import base from '../../page/base.css?inline';
import order from '../../page/order.css?inline';
import phone from '../../page/phone.css?inline';
import prints from '../../page/prints.css?inline';
import stages from '../../page/stages.css?inline';

const style = [base, order, stages, prints, phone].join('\n');
/** Nothing but the style between the tags: the policy has its hash. */
const styleElement: Html = { html: `<style>${style}</style>` };

/** Nothing but its own style, by its hash, and pictures of the lab. */
export function documentPolicy(): string {
  const hash = createHash('sha256').update(style).digest('base64');
  const others = ["img-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"];
  return ["default-src 'none'", `style-src 'sha256-${hash}'`, ...others].join('; ');
}

interface Content {
  title: string;
  /** What the paths of links begin with. */
  prefix: string;
  /** What the main part consists of, as HTML. */
  parts: readonly Html[];
}

/** Text that is HTML. */
export interface Html {
  readonly html: string;
}

/** HTML with values in it, which stay text unless they are HTML themselves: html`<p>${name}</p>`. */
export function html(texts: TemplateStringsArray, ...values: (string | number | Html | readonly Html[])[]): Html {
  return { html: texts.reduce((all, text, index) => all + inserted(values[index - 1]!) + text) };
}

function inserted(value: string | number | Html | readonly Html[]): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return value.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
  return 'html' in value ? value.html : value.map((each) => each.html).join('\n');
}

/** A page that needs no JavaScript. */
export function document({ title, prefix, parts }: Content): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>${title} · Darkroom</title>
        ${styleElement}
      </head>
      <body>
        <header><a class="name" href="${prefix}/">Darkroom</a></header>
        <main>
          <section>
            <h1>${title}</h1>
            ${parts}
          </section>
        </main>
      </body>
    </html>`.html;
}
