import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { EmptyState } from '../../components/empty-state.tsx';
import { IconButton } from '../../components/icon-button.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { SkeletonRows } from '../../components/skeleton.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { useApp, useMay } from '../../lib/app.ts';
import { keep } from '../../lib/browser-storage.ts';
import { useWords } from '../../lib/language.ts';
import { useRow, useRowNames } from '../../lib/live/live-hooks.ts';
import { useMedia } from '../../lib/media.ts';
import { useStored } from '../../lib/value-store.ts';
import { playgroundWords } from '../../words/playground.ts';
import { partsOf, type Part } from './abilities.ts';
import { AudioPart } from './audio-part.tsx';
import { deskOf, type ChatDesk } from './chat-desk.ts';
import { ChatPart, type ChatDrawer } from './chat-part.tsx';
import { ComparePart } from './compare-part.tsx';
import { EmbeddingsPart } from './embeddings-part.tsx';
import { ImagePart } from './image-part.tsx';
import { InstancePicker } from './instance-picker.tsx';
import { LAST_CHAT, LAST_INSTANCE, lastPlace } from './last-place.ts';
import { LoadPart } from './load-part.tsx';
import { RerankPart } from './rerank-part.tsx';
import { SlotsContext } from './use-answers.ts';

const route = getRouteApi('/playground');

/** The width from which history and settings stand beside the chat; `broad:` of the styles is the same. */
const BROAD = '(min-width: 75rem)';

/** Talking with a model, and comparing models. */
export function PlaygroundPage() {
  const words = useWords(playgroundWords);
  const names = useRowNames();
  const { rows } = useApp();
  const navigate = useNavigate();
  const search = route.useSearch();
  // Its history is read while the list of instances comes.
  const desk = useDesk();
  const isEmpty = names !== null && names.length === 0;
  const place = names === null || isEmpty ? null : lastPlace(search, rows);
  const isBare = place !== null && search.instance === undefined;
  useEffect(() => {
    if (isBare) void navigate({ to: '/playground', search: { ...search, ...place }, replace: true });
  }, [isBare, navigate, search, place]);
  if (place !== null) return <Playground {...place} part={search.part} desk={desk} />;
  return (
    <>
      <PageHeader title={words.title} />
      {isEmpty ? <NoInstance /> : <SkeletonRows />}
    </>
  );
}

function NoInstance() {
  const words = useWords(playgroundWords);
  const mayMake = useMay('admin');
  return (
    <EmptyState
      icon="playground"
      title={words.nothing}
      action={
        mayMake && (
          <Link to="/new" className="text-accent hover:underline">
            {words.newInstance}
          </Link>
        )
      }
    >
      {words.nothingHint}
    </EmptyState>
  );
}

interface PlaygroundProps {
  desk: ChatDesk;
  instance: string;
  chat: string | undefined;
  part: Part | undefined;
}

function Playground({ desk, instance, chat, part: wanted }: PlaygroundProps) {
  const words = useWords(playgroundWords);
  const navigate = useNavigate();
  const row = useRow(instance);
  const parts = partsOf(row, chat !== undefined);
  const part = parts.find((each) => each === wanted) ?? parts[0] ?? 'chat';
  const hasColumns = useMedia(BROAD);
  const [drawer, setDrawer] = useState<ChatDrawer>(null);
  useEffect(() => {
    keep(LAST_INSTANCE, instance);
    keep(LAST_INSTANCE, instance, 'tab');
  }, [instance]);
  useEffect(() => keep(LAST_CHAT, chat, 'tab'), [chat]);
  const go = (search: { part?: Part; instance: string; chat?: string | undefined }): void =>
    void navigate({ to: '/playground', search });
  return (
    <SlotsContext value={desk.slots}>
      <PageHeader
        title={words.title}
        heading={<span className="max-wide:sr-only">{words.title}</span>}
        actions={
          <>
            {part !== 'compare' && (
              <InstancePicker
                value={instance}
                onChoose={(name) => go({ part, instance: name, chat })}
                className="grow basis-48 wide:grow-0 wide:basis-auto"
              />
            )}
            {part === 'chat' && !hasColumns && (
              <span className="flex shrink-0">
                <IconButton icon="clock" label={words.history} onClick={() => setDrawer('history')} />
                <IconButton icon="settings" label={words.settings} onClick={() => setDrawer('settings')} />
              </span>
            )}
          </>
        }
      />
      <Tabs
        label={words.partsLabel}
        tabs={parts.map((value) => ({ value, label: words.parts[value] }))}
        value={part}
        onChoose={(value) => go({ part: value, instance, chat })}
        className="flex grow flex-col"
      >
        {part === 'chat' && (
          <ChatPart {...{ desk, chat, instance, hasColumns, drawer }} onCloseDrawer={() => setDrawer(null)} />
        )}
        {part === 'compare' && <ComparePart desk={desk} instance={instance} />}
        {part === 'embeddings' && <EmbeddingsPart desk={desk} instance={instance} />}
        {part === 'rerank' && <RerankPart desk={desk} instance={instance} />}
        {part === 'audio' && <AudioPart key={instance} instance={instance} />}
        {part === 'image' && <ImagePart key={instance} instance={instance} />}
        {part === 'load' && <LoadPart key={instance} instance={instance} />}
      </Tabs>
    </SlotsContext>
  );
}

/** Returns the chats of this browser and their answers. */
function useDesk(): ChatDesk {
  const app = useApp();
  const state = useStored(app.logIn.state);
  const desk = deskOf(app, state.kind === 'in' ? (state.me.caller?.username ?? '') : '');
  useEffect(() => void desk.load(), [desk]);
  return desk;
}
