/** Descriptions of embedded profiles that are sRGB: from cameras, Photoshop, GIMP, and Facebook's tiny one ("c2"). */
const names = /^(sRGB( IEC61966-2[.-]1)?( black scaled)?|sRGB built-in|GIMP built-in sRGB|c2)$/;

/**
 * Whether an ICC profile is sRGB itself, so that there is nothing to convert. Its description decides; a profile that lies about its
 * name is shown as sRGB.
 * Layout: ICC.1:2022, 7.2 (header), 7.3 (tag table), 10.15 (multiLocalizedUnicodeType); ICC.1:2001, 6.5.17 (textDescriptionType).
 */
export function isSrgb(profile: Buffer): boolean {
  try {
    return profile.toString('latin1', 16, 20) === 'RGB ' && names.test(description(profile).trim());
  } catch {
    return false;
  }
}

function description(profile: Buffer): string {
  const count = profile.readUInt32BE(128);
  for (let index = 0; index < Math.min(count, 100); index += 1) {
    const entry = 132 + index * 12;
    if (profile.toString('latin1', entry, entry + 4) !== 'desc') continue;
    const tag = profile.subarray(profile.readUInt32BE(entry + 4));
    if (tag.toString('latin1', 0, 4) === 'desc') return tag.toString('latin1', 12, 12 + tag.readUInt32BE(8) - 1);
    const [length, start] = [tag.readUInt32BE(20), tag.readUInt32BE(24)];
    return Buffer.from(tag.subarray(start, start + length))
      .swap16()
      .toString('utf16le');
  }
  return '';
}
