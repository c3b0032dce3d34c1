import type { CreateInstance, Fleet, Instance, InstanceUpdated } from '@llamactl/client';
import { hasCode, reasonOf } from '@llamactl/contract/reason';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseDocument, stringify } from 'yaml';
import type { Session } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';
import { differences, mergePatch, type Difference } from './setting-differences.ts';
import { storedEntry } from './stored-entry.ts';

/** The settings of an instance, without its name. */
type Entry = Omit<CreateInstance, 'name'>;

/** The changes that a draft would make. */
export interface DraftPlan {
  /** The settings of the draft. */
  wanted: Entry;
  differences: Difference[];
  /** The running engine uses the changes only after a restart. */
  needsRestart: boolean;
}

/** The settings of one instance as a text file, for editing. Only its user can read the file. */
export class Draft {
  readonly file: string;
  readonly #session: Session;
  readonly #name: string;
  /** The `ETag` of the settings that the text began with. */
  readonly #tag: string;
  readonly #before: Entry;
  readonly #firstText: string;
  #isOpen = true;

  private constructor(session: Session, { name, ...before }: CreateInstance, tag: string) {
    this.#session = session;
    this.#name = name;
    this.#tag = tag;
    this.#before = before;
    this.file = path.join(mkdtempSync(path.join(os.tmpdir(), 'llamactl-edit-')), `${name}.yaml`);
    const text = Object.keys(before).length === 0 ? '' : stringify(before, { lineWidth: 0 });
    this.#firstText = `${headOf(name)}${text}`;
    writeFileSync(this.file, this.#firstText, { mode: 0o600 });
  }

  /** Writes the settings of an instance into a new file. */
  static async open(session: Session, name: string): Promise<Draft> {
    const { client, signal } = session;
    // Read the tag first: a change between the two requests then makes the update fail, not vanish.
    const request = await client.request<Instance>('GET', `/api/instances/${encodeURIComponent(name)}`, { signal });
    const entry = await storedEntry(session, request.body.name);
    return new Draft(session, entry, request.headers.get('etag') ?? '');
  }

  /** Returns what the text would change; `null`: nothing. @throws {Problem} with status `usage` for a text that is refused */
  async plan(): Promise<DraftPlan | null> {
    const { client, signal } = this.#session;
    const wanted = entryOf(this.#text());
    const { name = this.#name, ...settings } = wanted as Entry & { name?: unknown };
    if (name !== this.#name)
      throw new Problem('edit does not change the name', EXIT.usage, [`llamactl rename ${this.#name} NEW-NAME`]);
    if (holdsNewNull(this.#before, settings))
      throw new Problem('edit cannot store a null within a setting; apply can', EXIT.usage);
    if (Object.keys(mergePatch(this.#before, wanted)).length === 0) return null;
    const entry: CreateInstance = { ...wanted, name: this.#name };
    const document = { instances: [entry] };
    const { results } = await client
      .applyFleet(document, { dry_run: true, signal })
      .catch((error: unknown) => inDraft(this.#session, document, error));
    const [step] = results;
    if (step === undefined || step.action === 'nothing') return null;
    if (step.error !== undefined) throw new Problem(step.error, EXIT.usage);
    const before: CreateInstance = { ...this.#before, name: this.#name };
    return { wanted, differences: differences(step, before, entry), needsRestart: step.action === 'restart' };
  }

  /** Applies the draft, unless the settings have changed since it was opened. */
  async apply({ wanted }: DraftPlan, restart: boolean): Promise<InstanceUpdated> {
    const { client, signal } = this.#session;
    const { PreconditionFailedError } = await import('@llamactl/client');
    const options = { ifMatch: this.#tag, signal, ...(restart && { apply: 'restart' as const }) };
    try {
      return await client.updateInstance(this.#name, mergePatch(this.#before, wanted), options);
    } catch (error) {
      if (!(error instanceof PreconditionFailedError)) throw error;
      const message = `${this.#name} was changed by others while you edited it; nothing was applied`;
      throw new Problem(message, EXIT.failed, [`to start from its present settings: llamactl edit ${this.#name}`]);
    }
  }

  #text(): string {
    try {
      return readFileSync(this.file, 'utf8');
    } catch (error) {
      if (!hasCode(error, ['ENOENT'])) throw error;
      this.discard();
      throw new Problem('the editor removed the file; nothing was changed', EXIT.failed);
    }
  }

  /** Whether the file has text of the user. */
  get hasChanges(): boolean {
    return this.#isOpen && this.#text() !== this.#firstText;
  }

  /** Removes the file. */
  discard(): void {
    this.#isOpen = false;
    rmSync(path.dirname(this.file), { recursive: true, force: true });
  }
}

function headOf(name: string): string {
  return `# Settings of ${name}. A setting that is deleted gets its default; an unchanged text changes nothing.\n`;
}

function entryOf(text: string): Entry {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) throw new Problem(`this is not YAML: ${error.message.replace(/:?\n.*$/s, '')}`, EXIT.usage);
  let value: unknown;
  try {
    value = document.toJS() ?? {};
  } catch (cause) {
    throw new Problem(`this is not YAML: ${reasonOf(cause)}`, EXIT.usage);
  }
  if (typeof value === 'object' && !Array.isArray(value)) return value as Entry;
  throw new Problem('this is not YAML with one setting a line, such as idle_timeout: 600', EXIT.usage);
}

/** Whether a map has a `null` that it did not have: in a merge patch, that would remove the key. */
function holdsNewNull(before: unknown, after: unknown, depth = 0): boolean {
  if (after === null) return depth > 1 && before !== null;
  if (typeof after !== 'object' || Array.isArray(after)) return false;
  const old = new Map<string, unknown>(Object.entries(before ?? {}));
  return Object.entries(after).some(([key, value]) => holdsNewNull(old.get(key), value, depth + 1));
}

/** Rewords a refusal: leaves out `instances[0].`, the place of the entry in the request. @throws {Problem} */
async function inDraft(session: Session, document: Fleet, error: unknown): Promise<never> {
  const { LlamactlError, ValidationError } = await import('@llamactl/client');
  if (!(error instanceof LlamactlError) || (error.status !== 400 && error.status !== 409)) throw error;
  const [{ reworded }, { withHiddenProblems }] = await Promise.all([
    import('../failure.ts'),
    import('./fleet-problems.ts'),
  ]);
  const complete = error instanceof ValidationError ? await withHiddenProblems(session, error, document) : error;
  throw reworded(complete, (line) => line.replaceAll('instances[0].', ''), EXIT.usage);
}
