/** What this browser remembers; nothing of it is sent anywhere. Where storage is switched off, that is nothing. */
export function recall(name: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(`darkroom.${name}`) ?? 'null');
  } catch {
    return null;
  }
}

export function remember(name: string, value: unknown): void {
  try {
    localStorage.setItem(`darkroom.${name}`, JSON.stringify(value));
  } catch {}
}
