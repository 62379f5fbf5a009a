export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

export function size(bytes: number): string {
  const MiB = bytes / 1024 / 1024;
  return MiB >= 1 ? `${MiB.toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1024))} KB`;
}
