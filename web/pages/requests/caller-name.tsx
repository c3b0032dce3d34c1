import { Icon } from '../../components/icons.tsx';
import { callerText } from '../../lib/caller-text.ts';

const KEY = 'key:';

interface CallerNameProps {
  caller: string;
  /** Of the key that the caller is; `null`: the caller is no key, or the user may not know it. */
  owner: string | null;
  /** Shows the id of a key too. */
  hasId?: boolean;
}

/** A caller: a key by its name, with its owner for those who may know it. */
export function CallerName({ caller, owner, hasId = false }: CallerNameProps) {
  const text = hasId ? caller : callerText(caller);
  return (
    <>
      {/* The icon stands for the word: without it, a key could have the name of a user. */}
      {!hasId && text.startsWith(KEY) ? <KeyName name={text.slice(KEY.length)} /> : text}
      {owner !== null && <span className="text-mute"> · {owner}</span>}
    </>
  );
}

function KeyName({ name }: { name: string }) {
  return (
    <>
      <span className="sr-only">{KEY}</span>
      <Icon name="access" size={12} className="mr-1 inline-block text-mute" />
      {name}
    </>
  );
}
