import { parseSync, Visitor } from 'rolldown/utils';

/** Changes to the code of a bundle that make its process smaller, and for which the bundler has no option. */

/**
 * Returns a script that is shorter, with the same lines, which errors name: V8 keeps the text as long as the program runs.
 * Removes indentation, and escapes all characters that are not ASCII: text with one of them takes twice the memory.
 *
 * @throws {Error} for a raw template that is not ASCII: an escape would change its value
 */
export function smallerScript(code: string): string {
  if (/\braw`[^`]*[^\0-\x7F]/.test(code)) throw new Error('the script has a raw template that is not ASCII');
  const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return withoutIndentation(code.replaceAll(/[^\0-\x7F]/g, escaped));
}

/** Keeps the blanks of templates, which are part of their values. */
function withoutIndentation(code: string): string {
  const { program, errors } = parseSync('script.cjs', code);
  if (errors.length > 0)
    throw new Error(`the script cannot be parsed: ${errors.map(({ message }) => message).join('; ')}`);
  const templates: { start: number; end: number }[] = [];
  new Visitor({ TemplateElement: ({ start, end }) => void templates.push({ start, end }) }).visit(program);
  const parts: string[] = [];
  let done = 0;
  for (const { start, end } of templates.toSorted((one, other) => one.start - other.start)) {
    parts.push(withoutLeadingBlanks(code.slice(done, start)), code.slice(start, end));
    done = end;
  }
  return [...parts, withoutLeadingBlanks(code.slice(done))].join('');
}

function withoutLeadingBlanks(code: string): string {
  return code.replaceAll(/\n[\t ]+/g, '\n');
}

/**
 * Returns a module that gets the modules of Node without `import`, which reads all exports of a module. Some exports load
 * further modules, which take milliseconds and memory: `setTraceSigInt` of `node:util` loads the code of threads.
 */
export function withoutImports(code: string): string {
  return code.replaceAll(
    /^import (?:([\w$]+)(?:, )?)?(\{.*\})? from ("node:.*");$/gm,
    (_line, whole: string | undefined, parts: string | undefined, module: string) =>
      [whole, parts?.replaceAll(' as ', ': ')]
        .filter((names) => names !== undefined)
        .map((names) => `const ${names} = process.getBuiltinModule(${module});`)
        .join(' '),
  );
}
