import { callerText } from '../../lib/caller-text.ts';
import { useOwner } from './callers.ts';

/** A caller: a key by its name, with its owner for those who may know it. @param hasId Shows the id of a key too. */
export function CallerName({ caller, hasId = false }: { caller: string; hasId?: boolean }) {
  const owner = useOwner(caller);
  return (
    <>
      {hasId ? caller : callerText(caller)}
      {owner !== null && <span className="text-mute"> · {owner}</span>}
    </>
  );
}
