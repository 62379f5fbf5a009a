/** The most code points of a name in a mail: enough to tell photos apart, too few to carry a message. */
const longest = 40;

const extension = /\.(jpe?g|png|webp|avif|gif|tiff?|bmp|heic)$/i;

/**
 * The name of a photo as shown in a mail. Whoever posts chooses it, and may give a stranger's address: so it is shortened, and anything
 * that mail programs would turn into a link is broken up.
 */
export function shownName(name: string): string {
  const end = extension.exec(name)?.[0] ?? '';
  // A dot between digits ("2024.07.01") does not make a link, nor does a lone extension. IDNA treats the last three as dots.
  const words = name.slice(0, name.length - end.length).replace(/(?<!\d)[.]|[.](?!\d)|[@:/\\．。｡]/gu, ' ');
  const stem = [...words.replace(/\s+/gu, ' ').trim()];
  return (stem.length > longest ? `${stem.slice(0, longest).join('')}…` : stem.join('')) + end;
}
