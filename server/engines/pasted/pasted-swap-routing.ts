import type { DroppedText } from '@llamactl/contract/engine';
import { isRecord } from '@llamactl/contract/record';

/** What decides in a llama-swap configuration which models run together. */
export interface SwapRouting {
  /** `groups`; `undefined`: none. */
  groups: unknown;
  /** A matrix decides, and no groups do. */
  hasMatrix: boolean;
  dropped: DroppedText[];
}

const MATRIX =
  'sets of models that may run together have no counterpart: `groups` of the configuration can only limit how many of their members run. ' +
  'Without them, starts stop idle models if the memory is too small; `instances.max_running` limits the number';
const EVICT_COSTS = 'the least recently used instance is stopped first; `pinned: true` keeps an instance';
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
    return { groups, hasMatrix: matrix !== undefined, dropped: [...dropped, ...matrixTexts('matrix', matrix)] };
  }
  const newer = recordOf(settings);
  const place = 'routing.router.settings';
  if (use === 'matrix') {
    if (newer['groups'] !== undefined) dropped.push({ text: `${place}.groups`, why: NOT_USED });
    const texts = matrixTexts(`${place}.matrix`, newer['matrix'] ?? {});
    return { groups: undefined, hasMatrix: true, dropped: [...dropped, ...texts] };
  }
  if (use !== 'group')
    dropped.push({ text: `routing.router.use: ${JSON.stringify(use)}`, why: 'is neither `group` nor `matrix`' });
  if (newer['matrix'] !== undefined) dropped.push({ text: `${place}.matrix`, why: NOT_USED });
  return { groups: newer['groups'], hasMatrix: false, dropped };
}

function matrixTexts(place: string, matrix: unknown): DroppedText[] {
  if (matrix === undefined) return [];
  const hasCosts = isRecord(matrix) && matrix['evict_costs'] !== undefined;
  return [{ text: place, why: MATRIX }, ...(hasCosts ? [{ text: `${place}.evict_costs`, why: EVICT_COSTS }] : [])];
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
