import type { Instance } from '@llamactl/client';
import type { Session } from '../command-line.ts';
import { lastWords } from '../engine-output.ts';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';
import { evictedFor, evictedLine } from '../instances/evicted-instances.ts';
import { newerModel } from '../instances/newer-model.ts';
import { settled } from '../instances/settling.ts';
import { plain } from '../screen/text.ts';
import { withProgress } from './start-progress.ts';

/** Output lines to show after a failed start. The reason of the failure already names the first cause. */
const SHOWN_LINES = 6;

const AWAY = 'the server does not answer; waiting for it …';

/**
 * Starts an instance if needed and waits until it runs, also while the server restarts. Deletes a new instance that
 * fails, or whose model file cannot be loaded.
 *
 * @param target.instance Its state now; left out: it is asked for.
 * @returns whether it had to be started
 * @throws {Problem} with the reason and the last output when it does not start
 */
export async function ensureRunning(
  { client, terminal, signal }: Pick<Session, 'client' | 'terminal' | 'signal'>,
  target: { name: string; isNew: boolean; instance?: Instance | undefined },
): Promise<boolean> {
  const { name, isNew } = target;
  const instance = target.instance ?? (await client.getInstance(name, { signal }));
  const newer = newerModel(instance);
  if (newer !== null) terminal.note(plain(newer));
  if (instance.status === 'running') return false;
  const { status } = await client.startInstance(name, { signal }).catch(async (error: unknown) => {
    const { LlamactlError } = await import('@llamactl/client');
    if (!(error instanceof LlamactlError) || error.code !== 'MODEL_NOT_FOUND') throw error;
    if (!isNew) throw new Problem(error.message, EXIT.failed, await remedyLines(client, name, signal), error.code);
    await client.deleteInstance(name, { signal });
    throw new Problem(error.message, EXIT.failed, [deletedAgain(name)], error.code);
  });
  if (status === 'running') return true;
  const rest = await withProgress(terminal, `starting ${name} …`, signal, async (say) => {
    const rests = await settled(client, {
      names: [name],
      signal,
      onStatus: (_name, now) => {
        if (now === 'restarting' || now === 'stopping') say(`${name} is ${now} …`);
      },
      onPresence: (isThere) => say(isThere ? `starting ${name} …` : AWAY),
    });
    return rests.get(name) ?? null;
  });
  if (rest === 'running') {
    const evicted = terminal.isQuiet ? null : evictedLine(await evictedFor(client, [name], signal));
    if (evicted !== null) terminal.note(plain(evicted));
    return true;
  }
  if (rest === null) throw new Problem(`${name} was deleted while it was starting`, EXIT.notFound);
  const failed = await client.getInstance(name, { signal });
  // Nothing is lost by deleting an instance that was created here and never ran.
  const isDeleted = isNew && failed.status === 'failed';
  if (isDeleted) await client.deleteInstance(name, { signal });
  throw notRunning(failed, isDeleted);
}

/** The steps that `llamactl why` prints. */
async function remedyLines(client: Session['client'], name: string, signal: AbortSignal): Promise<string[]> {
  const { remedyLine } = await import('../why/remedy-line.ts');
  const { remedies } = await client.getInstanceWhy(name, { signal });
  return remedies.map((remedy) => plain(remedyLine(name, remedy)));
}

function deletedAgain(name: string): string {
  return `the new instance ${name} was deleted again`;
}

function notRunning(instance: Instance, isDeleted: boolean): Problem {
  const { name, status, reason, last_exit: last } = instance;
  if (status !== 'failed')
    return new Problem(`${name} is ${status}: another user or program stopped it`, EXIT.startFailed);
  const because = reason ?? last?.reason ?? 'unknown reason';
  const lines = lastWords(last?.lines ?? [], SHOWN_LINES).map((line) => `  ${plain(line)}`);
  return new Problem(`${name} did not start: ${because}`, EXIT.startFailed, [
    ...lines,
    isDeleted ? deletedAgain(name) : `for help: llamactl why ${name}; for its output: llamactl logs ${name}`,
  ]);
}
