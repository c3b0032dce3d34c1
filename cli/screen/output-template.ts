import { isRecord } from '@llamactl/contract/record';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';
import { plain } from './text.ts';

const FIELD = /^(json )?\.(\w+(?:\.\w+)*)?$/;
const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', '\\': '\\' };

/**
 * Writes a value.
 *
 * @param isOneOfMany Whether more values follow, as with `--watch`.
 * @param optional Fields that values may lack.
 */
export type ValueText = (value: unknown, isOneOfMany: boolean, optional?: readonly string[]) => string;

/** A part of a template: text, or the path of a field. */
type Part = { text: string } | { path: readonly string[]; isJson: boolean };

/**
 * Compiles a template in the format of docker and podman, of which only fields work: `{{.Name}}\t{{.CreatedAt}}`,
 * `{{json .}}`. A list gives a line for each item.
 *
 * @throws {Problem} for any other action of a template
 */
export function compiledTemplate(template: string): ValueText {
  if (template === '') throw new Problem('--format: the template is empty', EXIT.usage);
  const parts = template.split(/\{\{(.*?)\}\}/).map((piece, index): Part => {
    if (index % 2 === 0 && piece.includes('{{')) throw unclosed(piece.slice(piece.indexOf('{{')));
    if (index % 2 === 0) return { text: piece.replaceAll(/\\([tn\\])/g, (_, escape: string) => ESCAPES[escape] ?? '') };
    const [, json, path] = FIELD.exec(piece.trim().replaceAll(/\s+/g, ' ')) ?? [];
    if (json === undefined && path === undefined) throw unsupported(piece);
    return { path: path?.split('.') ?? [], isJson: json !== undefined };
  });
  return (value, isOneOfMany, optional = []) => {
    const items: readonly unknown[] = Array.isArray(value) ? value : [value];
    for (const part of parts) if ('path' in part) assertKnown(items, part.path, { isOneOfMany, optional });
    return items.map((item) => parts.map((part) => partText(part, item)).join('')).join('\n');
  };
}

function unsupported(piece: string): Problem {
  return new Problem(`--format: {{${piece}}} is no field; write {{.Name}} or {{json .}}`, EXIT.usage);
}

function unclosed(piece: string): Problem {
  return new Problem(`--format: the }} of ${piece} is missing; write {{.Name}} or {{json .}}`, EXIT.usage);
}

function partText(part: Part, item: unknown): string {
  if ('text' in part) return part.text;
  const value = part.path.reduce<unknown>((parent, name) => (isRecord(parent) ? fieldOf(parent, name) : null), item);
  if (part.isJson) return JSON.stringify(value ?? null);
  return plain(fieldText(value));
}

function fieldText(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  const isFlat = Array.isArray(value) && value.every((each) => typeof each !== 'object');
  return isFlat ? value.join(',') : JSON.stringify(value);
}

/**
 * Checks that a field exists. It is empty for items that lack it. If no item has it, it is a mistake, unless it is
 * optional.
 *
 * @param terms.isOneOfMany Whether later items may have other fields below the first level.
 */
function assertKnown(
  items: readonly unknown[],
  path: readonly string[],
  { isOneOfMany, optional }: { isOneOfMany: boolean; optional: readonly string[] },
): void {
  let parents = items;
  for (const name of isOneOfMany ? path.slice(0, 1) : path) {
    const objects = parents.filter(isRecord);
    const known = new Set([...objects.flatMap((each) => Object.keys(each)), ...(parents === items ? optional : [])]);
    if (objects.length > 0 && ![...known].some((key) => folded(key) === folded(name))) throw unknown(name, known);
    parents = objects.map((each) => fieldOf(each, name));
  }
}

function unknown(name: string, known: Iterable<string>): Problem {
  const names = [...known].map((key) => `.${pascalCase(key)}`);
  return new Problem(`--format: there is no field .${name}; there are ${names.join(', ')}`, EXIT.usage);
}

/** `created_at` becomes `CreatedAt`, as docker and podman write fields. */
function pascalCase(key: string): string {
  return key.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function fieldOf(parent: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.entries(parent).find(([key]) => folded(key) === folded(name))?.[1];
}

function folded(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}
