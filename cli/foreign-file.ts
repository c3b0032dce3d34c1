import { foreignFormat } from '@llamactl/contract/foreign-format';
import { EXIT } from './exit-status.ts';
import { Problem } from './problem.ts';

/**
 * The problem of a refused file that is in the format of another program; `null`: the format is unknown.
 *
 * @param file Its name on the command line; `-`: standard input.
 */
export async function foreignFile(file: string, text: string): Promise<Problem | null> {
  const { parse } = await import('yaml');
  let values: unknown;
  try {
    values = parse(text, { logLevel: 'silent' });
  } catch {
    // Neither YAML nor JSON; it may be a Modelfile.
  }
  return foreignProblem(file, text, values);
}

/** As {@link foreignFile}, for parsed content. @param values The content; `undefined`: it is neither YAML nor JSON. */
export function foreignProblem(file: string, text: string, values: unknown): Problem | null {
  const format = foreignFormat(text, values);
  return format === null ? null : new Problem(`${sourceName(file)} ${format}`, EXIT.usage);
}

/** A file of the command line in a sentence; `-` is standard input. */
export function sourceName(file: string): string {
  return file === '-' ? 'standard input' : file;
}
