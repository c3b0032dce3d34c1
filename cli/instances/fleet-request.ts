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
 * Applies a document, or with `dry_run` returns the plan.
 *
 * @throws {Problem} the document is empty, or the server refused it and it is in the format of another program
 */
export async function applyFile(
  session: Session,
  { file, text }: FleetFile,
  query: { prune: boolean; dry_run: boolean },
): Promise<Applied> {
  const { client, terminal, signal } = session;
  const source = sourceName(file);
  if (text.trim() === '') {
    throw new Problem(`${source} is empty`, EXIT.usage, ['llamactl export shows the format']);
  }
  const { LlamactlError, ValidationError } = await import('@llamactl/client');
  // YAML 1.2 includes JSON, but the server's parse errors should be those of the intended format.
  const type = jsonOf(text) === undefined ? 'application/yaml' : 'application/json';
  const request = { text: { type, content: text }, query, isPatient: true, signal };
  try {
    return (await client.request<Applied>('POST', '/api/apply', request)).body;
  } catch (error) {
    if (!(error instanceof LlamactlError) || error.status !== 400) throw error;
    const foreign = await foreignFile(file, text);
    if (foreign !== null) throw foreign;
    const { withHiddenProblems } = await import('./fleet-problems.ts');
    const complete =
      error instanceof ValidationError ? await withHiddenProblems(session, error, await refusedValue(text)) : error;
    throw terminal.isJson ? complete : await inFile({ file, text }, complete);
  }
}

/**
 * Rewords a refusal for the author of the file: with the name of the file, and with lines and names instead of indices.
 */
async function inFile({ file, text }: FleetFile, error: LlamactlError): Promise<Problem> {
  const [{ reworded }, { fleetPlaces }] = await Promise.all([import('../failure.ts'), import('./fleet-places.ts')]);
  const places = await fleetPlaces(text);
  return reworded(error, (line) => places.word(line.replace(/^the body\b/i, sourceName(file)), file));
}

/** The instances of a document that the server has accepted. */
export async function instancesOf(text: string): Promise<CreateInstance[]> {
  const { parse } = await import('yaml');
  return ((jsonOf(text) ?? parse(text, { maxAliasCount: -1 })) as { instances: CreateInstance[] }).instances;
}

/** The value of a document that the server has refused; `null`: the text has no value. */
async function refusedValue(text: string): Promise<unknown> {
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text, { uniqueKeys: false, logLevel: 'silent' });
  return jsonOf(text) ?? (document.errors.length > 0 ? null : document.toJS());
}

/** `undefined`: the text is YAML or neither; the server reports errors. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
