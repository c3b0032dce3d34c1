import type { Remedy, Role, Status, Why } from '@llamactl/client';
import type { ServerWords } from '../../lib/server-words.ts';

/** The command after a remedy, so that one press leads to a running instance. */
export type FollowUp = 'start' | 'restart' | null;

/** Returns the command after the operation of a remedy. A change of settings or a stop of others is only the first half. */
export function followUpOf({ operation }: Remedy, status: Status): FollowUp {
  if (operation !== 'updateInstance' && operation !== 'stopAllInstances') return null;
  switch (status) {
    case 'stopped':
    case 'failed':
      return 'start';
    case 'running':
    case 'restarting':
      return operation === 'updateInstance' ? 'restart' : null;
    case 'starting':
    case 'stopping':
      return null;
  }
}

/** The role that a remedy needs. */
export function roleFor({ operation, link }: Remedy): Role {
  if (operation === 'updateInstance') return 'admin';
  if (operation !== undefined) return 'operator';
  return link?.startsWith('settings') === true || link?.startsWith('configuration/') === true ? 'admin' : 'viewer';
}

/** The field or the key that a link names; `undefined`: none. */
export function fieldOf({ link }: Remedy): string | undefined {
  const at = link?.indexOf('/') ?? -1;
  return at === -1 ? undefined : link?.slice(at + 1);
}

/** A place of the page that a remedy opens. */
export type RemedyPlace = 'log' | 'edit' | '/instances' | '/models' | '/system' | '/settings';

/** The place of a link; `null`: the remedy has none that this page knows. */
export function placeOf({ link }: Remedy): RemedyPlace | null {
  if (link === undefined) return null;
  const [begin] = link.split('/');
  switch (begin) {
    case 'log':
      return 'log';
    case 'settings':
      return 'edit';
    case 'instances':
      return '/instances';
    case 'models':
      return '/models';
    case 'system':
      return '/system';
    case 'configuration':
      return '/settings';
    default:
      return null;
  }
}

/** The column of the list that shows who holds the memory that an instance lacks. */
export function shortMemory({
  cause,
  phrases = [],
  evidence,
}: Pick<Why, 'cause' | 'phrases' | 'evidence'>): 'gpu' | 'memory' {
  if (cause === 'gpu_memory') return 'gpu';
  const named = [...phrases, ...evidence.map(({ phrase }) => phrase)].map((phrase) => phrase?.data?.['device']);
  const device = named.find((each) => each !== undefined) ?? 'ram';
  return device === 'ram' ? 'memory' : 'gpu';
}

/** The remedies that a button can do or open, and that were not tried yet. */
export function stepsOf(remedies: readonly Remedy[]): Remedy[] {
  return remedies.filter(
    (remedy) =>
      remedy.tried !== true && (remedy.operation !== undefined || (placeOf(remedy) !== null && !isLocked(remedy))),
  );
}

/** Whether the place is a key that requests may not change: the remedy has a command for the machine. */
export function isLocked({ operation, command, link }: Remedy): boolean {
  return operation === undefined && command !== undefined && link?.startsWith('configuration/') === true;
}

/** A remedy as the page names it. */
export function labelOf({ label, phrase }: Remedy, serverWords: ServerWords | null): string {
  return (phrase && serverWords?.phrase(phrase)?.text) ?? label;
}
