import type { DroppedText } from '@llamactl/contract/engine';
import { isRecord } from '@llamactl/contract/record';
import type { SwapMatrix } from './pasted-swap-matrix.ts';

/** The part of a llama-swap configuration that decides which models run together. */
export interface SwapRouting {
  /** `groups`; `undefined`: none. */
  groups: unknown;
  /** The matrix that decides instead of groups; `null`: groups do. */
  matrix: SwapMatrix | null;
  dropped: DroppedText[];
}

const BOTH = 'llama-swap refuses `routing.router` beside `groups` or `matrix`; it was not read';
const NOT_USED = 'is not used: `routing.router.use` names another one';
const PRIORITY = 'callers of an instance take turns; there are no priorities of models';
const NO_SETTING = 'llamactl has no such setting';

/**
 * Finds the groups or the matrix of a llama-swap configuration: in `routing.router.settings`, or in its older place, the
 * outermost keys.
 */
export function readSwapRouting({ groups, matrix, routing }: Readonly<Record<string, unknown>>): SwapRouting {
  const isOlder = matrix !== undefined || (isRecord(groups) && Object.keys(groups).length > 0);
  const { router, scheduler, ...rest } = recordOf(routing);
  const { use = 'group', settings } = recordOf(router);
  const dropped = [
    ...(routing !== undefined && !isRecord(routing) ? [{ text: 'routing', why: 'is not a map' }] : []),
    ...Object.keys(rest).map((key) => ({ text: `routing.${key}`, why: NO_SETTING })),
    ...schedulerTexts(scheduler),
  ];
  if (isOlder) {
    if (router !== undefined) dropped.push({ text: 'routing.router', why: BOTH });
    return { groups, matrix: matrix === undefined ? null : { place: 'matrix', value: matrix }, dropped };
  }
  const newer = recordOf(settings);
  const place = 'routing.router.settings';
  if (use === 'matrix') {
    if (newer['groups'] !== undefined) dropped.push({ text: `${place}.groups`, why: NOT_USED });
    return { groups: undefined, matrix: { place: `${place}.matrix`, value: newer['matrix'] }, dropped };
  }
  if (use !== 'group')
    dropped.push({ text: `routing.router.use: ${JSON.stringify(use)}`, why: 'is neither `group` nor `matrix`' });
  if (newer['matrix'] !== undefined) dropped.push({ text: `${place}.matrix`, why: NOT_USED });
  return { groups: newer['groups'], matrix: null, dropped };
}

/** `fifo` is the order of llamactl, too. */
function schedulerTexts(scheduler: unknown): DroppedText[] {
  const { settings, use: _use, ...rest } = recordOf(scheduler);
  const { priority } = recordOf(recordOf(settings)['fifo']);
  return [
    ...(priority === undefined ? [] : [{ text: 'routing.scheduler.settings.fifo.priority', why: PRIORITY }]),
    ...Object.keys(rest).map((key) => ({ text: `routing.scheduler.${key}`, why: NO_SETTING })),
  ];
}

function recordOf(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}
