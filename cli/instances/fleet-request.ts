import type { Applied, CreateInstance, LlamactlError } from '@llamactl/client';
import type { Session } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { foreignFile, sourceName } from '../foreign-file.ts';
import { Problem } from '../problem.ts';

/** A document for apply. */
export interface FleetFile {
  /** Its name on the command line; `-`: standard input. */
  file: string;
  text: string;
}

/**
 * Sends a document to apply, or with `dry_run` for its plan.
 *
 * @throws {Problem} the document is empty, or the server refused it and it belongs to another program
 */
export async function applyFile(
  { client, terminal, signal }: Session,
  { file, text }: FleetFile,
  query: { prune: boolean; dry_run: boolean },
): Promise<Applied> {
  const source = sourceName(file);
  if (text.trim() === '') {
    throw new Problem(`${source} is empty`, EXIT.usage, ['llamactl export shows the format']);
  }
  const { LlamactlError } = await import('@llamactl/client');
  // YAML 1.2 includes JSON, but the server's parse errors should be those of the intended format.
  const type = jsonOf(text) === undefined ? 'application/yaml' : 'application/json';
  const request = { text: { type, content: text }, query, isPatient: true, signal };
  try {
    return (await client.request<Applied>('POST', '/api/apply', request)).body;
  } catch (error) {
    if (!(error instanceof LlamactlError) || error.status !== 400) throw error;
    throw (await foreignFile(file, text)) ?? (terminal.isJson ? error : await inFile(source, error));
  }
}

/** Words a refusal with the name of the file: for the server it is a body. */
async function inFile(source: string, error: LlamactlError): Promise<Problem> {
  const { reworded } = await import('../failure.ts');
  return reworded(error, (line) => line.replace(/^the body\b/i, source));
}

/** The instances of a document that the server has accepted. */
export async function instancesOf(text: string): Promise<CreateInstance[]> {
  const { parse } = await import('yaml');
  return ((jsonOf(text) ?? parse(text, { maxAliasCount: -1 })) as { instances: CreateInstance[] }).instances;
}

/** `undefined`: the text is YAML or neither; the server reports errors. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
