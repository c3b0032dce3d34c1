import type { Download } from '@llamactl/client';
import type { CommandLine, Session } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';
import { bytes } from '../../format/figures.ts';
import { plain } from '../screen/text.ts';
import { DownloadBar, percentOf } from './download-bar.ts';
import { followedDownload } from './followed-download.ts';
import { planText, pullPlan, type PullPlan } from './pull-plan.ts';

export interface PullWish {
  /** As typed. */
  reference: string;
  revision?: string | undefined;
  /** Decides whether the download may begin; shows the plan if it may. @throws {Problem} if it may not */
  agree: (plan: PullPlan) => Promise<void>;
}

/** Longest wait for the answer to a pause, in milliseconds. */
const PAUSE_MS = 10_000;
const TICK_MS = 1_000;

/** Starts the download of a model, or joins the one that fetches it. */
export async function startPull(session: Session, { reference, revision, agree }: PullWish): Promise<Download> {
  const { client, terminal, signal } = session;
  const plan = await pullPlan(client, reference, { revision, signal });
  const { quant, list } = plan;
  const isHere = await hasFiles(session, plan);
  const begun = (await client.listDownloads({ signal })).find(
    ({ model, revision: branch, state }) =>
      model === quant.reference && branch === list.revision && state !== 'done' && state !== 'cancelled',
  );
  if (isHere) terminal.note(`${plain(quant.reference)} is on the server already`);
  else if (begun === undefined) await agree(plan);
  else terminal.note(`continues ${plain(quant.reference)} at ${percentOf(begun)} %, ${bytes(begun.done_bytes)}`);
  return client.createDownload({ model: reference, ...(revision !== undefined && { revision }) }, { signal });
}

/** Shows a plan, and asks on a terminal. @throws {Problem} after a no */
export async function agreedPlan(
  { terminal, signal }: Session,
  plan: PullPlan,
  { isAgreed }: { isAgreed: boolean },
): Promise<void> {
  for (const line of planText(plan)) terminal.note(line);
  if (isAgreed || !terminal.canAsk) return;
  const answer = await terminal.ask(`Download ${bytes(plan.total)} (Y/n)? `, signal);
  if (!/^(?:y(?:es)?)?$/i.test(answer.trim())) throw new Problem('nothing was downloaded', EXIT.failed);
}

/** Whether the library has this model of this commit. Then the download has nothing to fetch, or only a companion. */
async function hasFiles({ client, signal }: Session, { list, quant }: PullPlan): Promise<boolean> {
  const { models } = await client.listModels({ signal });
  const end = `/snapshots/${list.commit}/${quant.files[0]?.path ?? ''}`;
  return models.some(({ path, size, problems }) => path.endsWith(end) && size === quant.size && problems.length === 0);
}

/**
 * Shows a download until it is done. Ctrl-C pauses it.
 *
 * @param again The command that continues it.
 * @throws {Problem} when it does not become done
 */
export async function finishedPull(
  { client, terminal, signal, now }: Session,
  { id }: Pick<Download, 'id'>,
  { every, again }: { every: CommandLine['surroundings']['every']; again: string },
): Promise<Download> {
  const bar = new DownloadBar(terminal, now);
  const stop = every(TICK_MS, () => bar.draw());
  const follow = async (): Promise<Download> => {
    try {
      return await followedDownload(client, id, {
        signal,
        onProgress: (progress) => bar.show(progress),
        onPresence: (isThere) => bar.setServerAway(!isThere),
      });
    } finally {
      stop();
      bar.end();
    }
  };
  try {
    const download = await follow();
    if (download.state === 'done') return download;
    throw unfinished(download, again);
  } catch (error) {
    if (!signal.aborted) throw error;
    throw await paused(client, id, again);
  }
}

/** Pauses the download of a person who pressed Ctrl-C. */
async function paused(client: Session['client'], id: string, again: string): Promise<Problem> {
  try {
    const { state, ...download } = await client.pauseDownload(id, { signal: AbortSignal.timeout(PAUSE_MS) });
    if (state !== 'paused') return new Problem(`interrupted; the download is ${state}`, EXIT.interrupted);
    return new Problem(`paused at ${percentOf(download)} %`, EXIT.interrupted, [`to go on: ${again}`]);
  } catch {
    // The server is away, or refuses: the download is in its hands.
    return new Problem('interrupted, and the download was not paused', EXIT.interrupted, [
      'to see it: llamactl models downloads',
    ]);
  }
}

function unfinished({ model, state, error, ...download }: Download, again: string): Problem {
  const name = plain(model);
  if (state === 'cancelled') return new Problem(`the download of ${name} was cancelled`, EXIT.failed);
  if (error !== null) {
    const next =
      error.code === 'DISK_FULL'
        ? 'it goes on by itself when there is room'
        : `to try again, without fetching twice: ${again}`;
    return new Problem(plain(error.message), EXIT.failed, [next], error.code);
  }
  return new Problem(`the download of ${name} was paused at ${percentOf(download)} %`, EXIT.failed, [
    `to go on: ${again}`,
  ]);
}
