import { extensionOf, type ImageType } from '@darkroom/shared/image/formats';

interface Named {
  folder: string;
  /** As the photo was sent. */
  name: string;
  type: ImageType;
}

/**
 * Paths that unpack anywhere: letters, digits and a few signs of any script, no leading dot, no name that Windows reserves;
 * unique even where case does not count, by "-2", "-3". The extension tells the true type.
 */
export function entryNames(files: Named[]): string[] {
  const taken = new Set<string>();
  return files.map(({ folder, name, type }) => {
    const stem = safeStem(name);
    const candidate = (count: number) => `${folder}/${stem}${count === 1 ? '' : `-${count}`}.${extensionOf(type)}`;
    let count = 1;
    while (taken.has(candidate(count).toLowerCase())) count += 1;
    taken.add(candidate(count).toLowerCase());
    return candidate(count);
  });
}

function safeStem(name: string): string {
  const plain = name
    .normalize('NFC')
    .replace(/\.[^.]{1,5}$/, '')
    .replace(/[^\p{L}\p{M}\p{N} _()+-]+/gu, '-')
    .replace(/^[\s-]+|[\s-]+$/g, '');
  const stem = [...plain].slice(0, 80).join('').trim();
  if (stem === '' || /^(con|prn|aux|nul|com\d|lpt\d)$/i.test(stem)) return `photo-${stem}`.replace(/-$/, '');
  return stem;
}
