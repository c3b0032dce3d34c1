import { choiceOf, textOf, type RawSearch } from '../../lib/search-parameters.ts';
import { PARTS, type Part } from './abilities.ts';

/** The part of the playground, the instance, and the open chat. */
export interface PlaygroundSearch {
  part?: Part | undefined;
  instance?: string | undefined;
  /** Id of a kept conversation. */
  chat?: string | undefined;
}

export function playgroundSearch(raw: RawSearch): PlaygroundSearch {
  return {
    part: choiceOf(raw['part'], PARTS),
    instance: textOf(raw['instance']),
    chat: textOf(raw['chat']),
  };
}
