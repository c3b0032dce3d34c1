import type { InstanceCapability } from '@llamactl/client';

/** The parts of the playground. */
export const PARTS = ['chat', 'compare', 'embeddings', 'rerank', 'audio', 'image', 'load'] as const;

export type Part = (typeof PARTS)[number];

/** The capability that a part needs of its instance. */
const NEEDS: Readonly<Record<Part, InstanceCapability>> = {
  chat: 'chat',
  compare: 'chat',
  embeddings: 'embeddings',
  rerank: 'rerank',
  audio: 'audio',
  image: 'image',
  load: 'chat',
};

/** Parts that few engines can do: an instance has them only if its capabilities name them. */
const RARE: ReadonlySet<Part> = new Set(['audio', 'image']);

/** An instance as far as it is known. A row that an event brought lacks capabilities until the list is read again. */
export interface Able {
  capabilities?: readonly InstanceCapability[];
}

/** Whether an instance can do something. An instance of which nothing is known counts as able. */
export function isAble({ capabilities = [] }: Able, wanted: InstanceCapability): boolean {
  return capabilities.length === 0 || capabilities.includes(wanted);
}

/** Whether an instance can do a part of the playground. */
export function fits(part: Part, row: Able): boolean {
  return RARE.has(part) ? row.capabilities?.includes(NEEDS[part]) === true : isAble(row, NEEDS[part]);
}

/**
 * Returns the parts for an instance.
 *
 * @param row `undefined`: nothing is known of the instance.
 * @param hasChat Whether a kept chat is open, which can be read also beside an instance that cannot chat.
 */
export function partsOf(row: Able = {}, hasChat = false): readonly Part[] {
  return PARTS.filter((part) => fits(part, row) || (part === 'chat' && hasChat));
}
