import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { EmptyState } from '../../components/empty-state.tsx';
import { IconButton } from '../../components/icon-button.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { SkeletonRows } from '../../components/skeleton.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { useApp, useMay } from '../../lib/app.ts';
import { keep, kept } from '../../lib/browser-storage.ts';
import { useWords } from '../../lib/language.ts';
import { useRow, useRowNames } from '../../lib/live/live-hooks.ts';
import type { RowStore } from '../../lib/live/row-store.ts';
import { useMedia } from '../../lib/media.ts';
import { useStored } from '../../lib/value-store.ts';
import { playgroundWords } from '../../words/playground.ts';
import { partsOf, type Part } from './abilities.ts';
import { AudioPart } from './audio-part.tsx';
import { ChatPart, type ChatDrawer } from './chat-part.tsx';
import { ComparePart } from './compare-part.tsx';
import { EmbeddingsPart } from './embeddings-part.tsx';
import { ImagePart } from './image-part.tsx';
import { HistoryStore } from './history-store.ts';
import { InstancePicker } from './instance-picker.tsx';
import { LoadPart } from './load-part.tsx';
import { RerankPart } from './rerank-part.tsx';
import { StreamSlots } from './stream-slots.ts';
import { SlotsContext } from './use-answers.ts';

const route = getRouteApi('/playground');

/** The width from which history and settings stand beside the chat; `broad:` of the styles is the same. */
const BROAD = '(min-width: 75rem)';
const LAST = 'playground-instance';
const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Talking with a model, and comparing models. */
export function PlaygroundPage() {
  const words = useWords(playgroundWords);
  const names = useRowNames();
  const { rows } = useApp();
  const { instance } = route.useSearch();
  // It is read while the list of instances comes.
  const history = useHistory();
  const isEmpty = names !== null && names.length === 0;
  if (names !== null && !isEmpty) return <Playground instance={instance ?? firstInstance(rows)} history={history} />;
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

function Playground({ instance, history }: { instance: string; history: HistoryStore }) {
  const words = useWords(playgroundWords);
  const navigate = useNavigate();
  const { part: wanted, chat } = route.useSearch();
  const row = useRow(instance);
  const parts = partsOf(row);
  const part = parts.find((each) => each === wanted) ?? parts[0] ?? 'chat';
  const [slots] = useState(() => new StreamSlots());
  const hasColumns = useMedia(BROAD);
  const [drawer, setDrawer] = useState<ChatDrawer>(null);
  useEffect(() => keep(LAST, instance), [instance]);
  const go = (search: { part?: Part; instance: string; chat?: string | undefined }): void =>
    void navigate({ to: '/playground', search });
  return (
    <SlotsContext value={slots}>
      <PageHeader
        title={words.title}
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
        onChoose={(value) => go({ part: value, instance })}
        className="flex grow flex-col"
      >
        {part === 'chat' && (
          <ChatPart {...{ history, chat, instance, hasColumns, drawer }} onCloseDrawer={() => setDrawer(null)} />
        )}
        {part === 'compare' && <ComparePart instance={instance} />}
        {part === 'embeddings' && <EmbeddingsPart key={instance} instance={instance} />}
        {part === 'rerank' && <RerankPart key={instance} instance={instance} />}
        {part === 'audio' && <AudioPart key={instance} instance={instance} />}
        {part === 'image' && <ImagePart key={instance} instance={instance} />}
        {part === 'load' && <LoadPart key={instance} instance={instance} />}
      </Tabs>
    </SlotsContext>
  );
}

/** The chats of this browser: each user, and each server under a prefix of its own, has others. */
function useHistory(): HistoryStore {
  const state = useStored(useApp().logIn.state);
  const user = state.kind === 'in' ? (state.me.caller?.username ?? '') : '';
  const [history] = useState(() => new HistoryStore(`llamactl:${location.pathname}:${user}`));
  useEffect(() => void history.load(), [history]);
  return history;
}

/** The instance of the last visit; else one that runs, or the first. */
function firstInstance(rows: RowStore): string {
  const last = kept(LAST, text);
  if (last !== undefined && rows.row(last) !== undefined) return last;
  const all = rows.all();
  return (all.find(({ status }) => status === 'running') ?? all[0])?.name ?? '';
}
