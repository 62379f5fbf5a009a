import type { Content, Line } from './content.ts';

/** A mail as plain text. */
export function plainText({ subject, prints, whereabouts, links, sections, retention, origin }: Content): string {
  const parts = [
    `${subject}.`,
    bullets(prints),
    whereabouts,
    ...links.map(({ text, href }) => `${text}:\n${href}`),
    ...sections.flatMap(({ heading, lines }) => [`${heading}:`, bullets(lines)]),
    `-- \n${retention}\n${origin}`,
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

const bullets = (lines: readonly Line[]) =>
  lines.map(({ text, reason }) => `- ${reason === undefined ? text : `${text}: ${reason}`}`).join('\n');
