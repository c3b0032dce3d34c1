import { useMemo } from 'react';
import { TextArea } from '../../components/field.tsx';
import { Meter } from '../../components/meter.tsx';
import { useWords } from '../../lib/language.ts';
import { useRow } from '../../lib/live/live-hooks.ts';
import { useStored } from '../../lib/value-store.ts';
import { playgroundWords } from '../../words/playground.ts';
import type { ChatRoom } from './chat-room.ts';
import { contextUse } from './context-use.ts';
import { shownTurns } from './conversation.ts';
import { ParameterForm } from './parameter-form.tsx';

/** The context meter, the system prompt and the parameters of a chat. */
export function ChatSettings({ room }: { room: ChatRoom }) {
  const words = useWords(playgroundWords);
  const { system, parameters } = useStored(room.conversation);
  return (
    <div className="flex flex-col gap-5">
      <ContextMeter room={room} />
      <TextArea
        label={words.system}
        placeholder={words.systemPlaceholder}
        rows={4}
        value={system}
        className="[&_textarea]:max-h-80"
        onChange={({ target }) => room.change({ system: target.value })}
      />
      <ParameterForm parameters={parameters} onChange={(next) => room.change({ parameters: next })} />
    </div>
  );
}

/** How much of the context the shown branches fill. It grows with the answer. */
function ContextMeter({ room }: { room: ChatRoom }) {
  const words = useWords(playgroundWords);
  const conversation = useStored(room.conversation);
  const size = useRow(conversation.instance)?.context_size ?? null;
  const live = useStored(room.live);
  const turns = useMemo(() => shownTurns(conversation).map(({ turn }) => turn), [conversation]);
  const { tokens: used, isEstimated } = contextUse(conversation.system, turns, live);
  const count = new Intl.NumberFormat();
  if (size === null && used === 0) return null;
  const usedText = isEstimated ? words.about(count.format(used)) : count.format(used);
  const text = size === null ? words.contextUnknown(usedText) : words.contextUse(usedText, count.format(size));
  return (
    <div className="flex flex-col gap-1.5">
      <p className="flex items-baseline justify-between gap-2">
        <span className="font-strong">{words.context}</span>
        <span className="figures text-mute">{text}</span>
      </p>
      {size !== null && <Meter label={words.context} text={text} value={Math.min(used, size)} max={size} />}
    </div>
  );
}
