/** Code points of a name in a mail: enough to tell photos apart, too few for a message of the sender's own. */
const longest = 40;

const extension = /\.(jpe?g|png|webp|avif|gif|tiff?|bmp|heic)$/i;

/**
 * The name of a photo as it is shown in a mail. Whoever posts may choose it, and name a stranger's address as theirs: it is shortened, and
 * whatever mail programs would turn into a link is broken up.
 */
export function shownName(name: string): string {
  const end = extension.exec(name)?.[0] ?? '';
  // A dot between digits ("2024.07.01") is no link, and neither is a lone extension. The last three are dots to IDNA.
  const words = name.slice(0, name.length - end.length).replace(/(?<!\d)[.]|[.](?!\d)|[@:/\\．。｡]/gu, ' ');
  const stem = [...words.replace(/\s+/gu, ' ').trim()];
  return (stem.length > longest ? `${stem.slice(0, longest).join('')}…` : stem.join('')) + end;
}
