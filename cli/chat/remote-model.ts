import type { Client, Model, Starter } from '@llamactl/client';
import type { CommandLine, Session } from '../command-line.ts';
import { agreedPlan, finishedPull, startPull } from '../downloads/model-pull.ts';
import { EXIT } from '../exit-status.ts';
import { modelCalled, scannedModels, severalModels } from '../instances/server-models.ts';
import { Problem } from '../problem.ts';
import { bytes } from '../../format/figures.ts';
import { plain } from '../screen/text.ts';
import { shellQuoted } from '../../format/shell-words.ts';

/** A model that came from another machine. */
export interface RemoteModel {
  /** As in the library of the server. */
  model: Model;
  /** The reference that was resolved: `org/repo:Q4_K_M`. */
  reference: string;
}

export interface FetchOptions {
  /** The person has agreed to a download on the command line. */
  isAgreed: boolean;
  every: CommandLine['surroundings']['every'];
}

/** Purposes of starters that can chat. */
const CHATTING: ReadonlySet<Starter['purpose']> = new Set(['small', 'general', 'coder', 'vision']);
/** Most starters that a message names. */
const MOST_NAMED = 5;

/**
 * The model of a reference. It is downloaded if the server does not have it, after a question on a terminal.
 *
 * @throws {Problem} when the download is not agreed to, or does not become done
 */
export async function remoteModel(session: Session, reference: string, options: FetchOptions): Promise<RemoteModel> {
  const { client, terminal, signal } = session;
  const { models } = await scannedModels(client, signal);
  const own = modelCalled(reference, models) ?? onlyOfRepo(reference, models);
  if (own !== null) return { model: own, reference: own.ref ?? reference };
  const pull = `llamactl pull ${shellQuoted(reference)}`;
  const begun = await startPull(session, {
    reference,
    agree: async (plan) => {
      if (!options.isAgreed && !terminal.canAsk) {
        const message = `${plain(plan.quant.reference)} is not on the server, and its download has ${bytes(plan.total)}`;
        throw new Problem(message, EXIT.usage, ['to download and run it: add --yes', `or download it first: ${pull}`]);
      }
      await agreedPlan(session, plan, options);
    },
  });
  const download = await finishedPull(session, begun, { every: options.every, again: pull });
  const fetched = (await scannedModels(client, signal)).models.find(({ path }) => path === download.path);
  if (fetched !== undefined) return { model: fetched, reference: download.model };
  throw new Problem(`${plain(download.path)} was downloaded, but the server does not list it`, EXIT.failed, [
    `to run it: llamactl run ${shellQuoted(plain(download.path))}`,
  ]);
}

/** The only model of a repository that is named without a quant. `null`: none. @throws {Problem} when there are several */
function onlyOfRepo(reference: string, models: readonly Model[]): Model | null {
  const repo = reference.toLowerCase().replace(/^(?:https?:\/\/)?(?:hf\.co|huggingface\.co)\//, '');
  const found = models.filter(({ ref }) => ref?.toLowerCase().startsWith(`${repo}:`) === true);
  const [first, ...others] = found;
  if (first === undefined || !/^[^/:]+\/[^/:]+$/.test(repo)) return null;
  if (others.length > 0) throw severalModels(reference, found);
  return first;
}

/** The starters of the server. Empty if we may not read them, or if the server is too old to know them. */
export async function starters(client: Pick<Client, 'listStarters'>, signal: AbortSignal): Promise<Starter[]> {
  const { LlamactlError } = await import('@llamactl/client');
  try {
    return (await client.listStarters({ signal })).starters;
  } catch (error) {
    if (error instanceof LlamactlError) return [];
    throw error;
  }
}

/** The starter with this name, as `Qwen3 4B` or `qwen3-4b`. `null`: none has it. */
export function starterCalled<Known extends Pick<Starter, 'name'>>(word: string, all: readonly Known[]): Known | null {
  return all.find(({ name }) => simple(name) === simple(word)) ?? null;
}

/** Names some starters that fit and can chat. Empty: none is known. */
export function startersHint(all: readonly Starter[]): string[] {
  const fitting = all.filter(({ fits, purpose }) => fits !== 'no' && CHATTING.has(purpose));
  // Some models are listed for several sizes of memory.
  const models = fitting.filter((each, index) => fitting.findIndex(isSameModel(each)) === index);
  const names = models.slice(0, MOST_NAMED).map(({ name }) => plain(simple(name)));
  return names.length === 0 ? [] : [`models to begin with, for llamactl run: ${names.join(', ')}`];
}

function isSameModel({ reference }: Starter): (other: Starter) => boolean {
  return (other) => other.reference === reference;
}

function simple(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, '-');
}
