/** Titles, tags and names are somebody's words: `$(...)` in them must not become an icon in a list of the editor. */
export function withoutIcons(text: string): string {
  return text.replaceAll('$(', '$\u200B(');
}
