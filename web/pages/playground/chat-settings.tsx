import { useMemo } from 'react';
import { useQuery } from '@tanstack/react-query';
import { TextArea } from '../../components/field.tsx';
import { Meter } from '../../components/meter.tsx';
import { useApp } from '../../lib/app.ts';
import { number } from '../../lib/figures.ts';
import { useWords } from '../../lib/language.ts';
import { useRow } from '../../lib/live/live-hooks.ts';
import { engineOptionsQuery, instanceQuery } from '../../lib/queries.ts';
import { useStored } from '../../lib/value-store.ts';
import { playgroundWords } from '../../words/playground.ts';
import type { ChatRoom } from './chat-room.ts';
import { contextUse } from './context-use.ts';
import { shownTurns } from './conversation.ts';
import { ParameterForm } from './parameter-form.tsx';
import { samplingDefaults, type SamplingDefaults } from './sampling-defaults.ts';

/** The context meter, the system prompt and the parameters of a chat. */
export function ChatSettings({ room }: { room: ChatRoom }) {
  const words = useWords(playgroundWords);
  const { system, parameters, instance } = useStored(room.conversation);
  const defaults = useSamplingDefaults(instance);
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
      <ParameterForm
        defaults={defaults}
        parameters={parameters}
        onChange={(next) => room.change({ parameters: next })}
      />
    </div>
  );
}

/** Returns what an instance uses for empty fields. */
function useSamplingDefaults(name: string): SamplingDefaults {
  const { client } = useApp();
  const engine = useRow(name)?.engine ?? '';
  const instance = useQuery({ ...instanceQuery(client, name), enabled: engine === 'llama_cpp' }).data;
  const options = useQuery({ ...engineOptionsQuery(client, engine), enabled: engine === 'llama_cpp' }).data?.options;
  return useMemo(() => samplingDefaults(options ?? [], instance?.options ?? {}), [options, instance]);
}

/** How much of the context the shown branches fill. It grows with the answer. */
function ContextMeter({ room }: { room: ChatRoom }) {
  const words = useWords(playgroundWords);
  const conversation = useStored(room.conversation);
  const size = useRow(conversation.instance)?.context_size ?? null;
  const live = useStored(room.live);
  const turns = useMemo(() => shownTurns(conversation).map(({ turn }) => turn), [conversation]);
  const { tokens: used, isEstimated } = contextUse(conversation.system, turns, live);
  if (size === null && used === 0) return null;
  const usedText = isEstimated ? words.about(number(used)) : number(used);
  const text = size === null ? words.contextUnknown(usedText) : words.contextUse(usedText, number(size));
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
