/** HTML that needs no more escaping. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What can stand in a template; `null` is nothing. */
type Part = string | number | Markup | null | readonly (Markup | null)[];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** HTML by a template: whatever is put in is escaped unless it is markup. */
export function markup(texts: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(
    texts.map((text, index) => (index === 0 ? text : markupOf(parts[index - 1] ?? null) + text)).join(''),
  );
}

/** A sentence of the API: what stands in backticks is code. */
export function prose(text: string): Markup {
  return new Markup(escaped(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>'));
}

function markupOf(part: Part): string {
  if (part === null) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'object') return part.map(markupOf).join('');
  return escaped(String(part));
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
}
