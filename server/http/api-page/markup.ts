/** HTML that is already escaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A value in a template; `null` renders as nothing. */
type Part = string | number | Markup | null | readonly (Markup | null)[];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Template tag for HTML. Escapes all values except markup. */
export function markup(texts: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(
    texts.map((text, index) => (index === 0 ? text : markupOf(parts[index - 1] ?? null) + text)).join(''),
  );
}

/** A text from the API description, with code in backticks. */
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
