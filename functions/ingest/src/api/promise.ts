/** What photos become: "grayscale and sepia prints, packed into one ZIP file". */
export function promise(filters: readonly string[], archive: boolean): string {
  return `${new Intl.ListFormat('en').format(filters)} prints${archive ? ', packed into one ZIP file' : ''}`;
}
