import { callerText } from '../../lib/caller-text.ts';

interface CallerNameProps {
  caller: string;
  /** Of the key that the caller is; `null`: the caller is no key, or the user may not know it. */
  owner: string | null;
  /** Shows the id of a key too. */
  hasId?: boolean;
}

/** A caller: a key by its name, with its owner for those who may know it. */
export function CallerName({ caller, owner, hasId = false }: CallerNameProps) {
  return (
    <>
      {hasId ? caller : callerText(caller)}
      {owner !== null && <span className="text-mute"> · {owner}</span>}
    </>
  );
}
