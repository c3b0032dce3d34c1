import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fakeChannels } from '../../testing/fake-channels.ts';
import { FakeDatabases } from '../../testing/fake-databases.ts';
import { newConversation, withChange, withTurn, type Conversation, type Turn } from './conversation.ts';
import { HistoryStore } from './history-store.ts';

const question: Turn = {
  id: 't1',
  parent: null,
  role: 'user',
  text: 'Hello',
  reasoning: '',
  files: [],
  instance: null,
  state: 'done',
  error: null,
  figures: null,
  at: 1,
};
const answer: Turn = {
  ...question,
  id: 't2',
  parent: 't1',
  role: 'assistant',
  text: 'half',
  state: 'streaming',
  at: 2,
};
const asked = withTurn(withTurn(newConversation({ id: 'c', instance: 'chat', createdAt: 0 }), question), answer);

/** The histories of two tabs, which share one database. */
async function twoTabs(): Promise<[HistoryStore, HistoryStore]> {
  const tabs: [HistoryStore, HistoryStore] = [new HistoryStore('chats'), new HistoryStore('chats')];
  for (const tab of tabs) await tab.load();
  return tabs;
}

/** Stores a version that a tab has seen stored. */
async function saved(tab: HistoryStore, changed: Conversation, known: Conversation = changed): Promise<Conversation> {
  const written = await tab.save(changed, known);
  if (written === null) throw new Error(`the browser refused: ${tab.failure.get()}`);
  return written;
}

const titles = (tab: HistoryStore): string[] | undefined => tab.entries.get()?.map(({ title }) => title);

describe('the history of chats', () => {
  beforeEach(() => {
    vi.stubGlobal('BroadcastChannel', fakeChannels());
    vi.stubGlobal('indexedDB', new FakeDatabases());
  });
  afterEach(() => void vi.unstubAllGlobals());

  it('lists a new chat at once, in each tab when it is stored', async () => {
    const [tab, other] = await twoTabs();
    const saving = saved(tab, asked);
    expect([titles(tab), titles(other)]).toEqual([['Hello'], []]);
    await saving;
    expect([titles(tab), titles(other)]).toEqual([['Hello'], ['Hello']]);
  });

  it('renames a chat that another tab answers, and the answer goes on', async () => {
    const [tab, other] = await twoTabs();
    const known = await saved(tab, asked);
    await other.rename('c', 'Greeting');
    expect(await tab.readNow('c')).toMatchObject({ title: 'Greeting', turns: [question, answer] });
    const whole = await saved(tab, withChange(known, 't2', { text: 'whole', state: 'done' }), known);
    expect(whole).toMatchObject({ title: 'Greeting', turns: [question, { text: 'whole', state: 'done' }] });
  });

  it('keeps the title of another tab in both lists when the answer is stored', async () => {
    const [tab, other] = await twoTabs();
    const known = await saved(tab, asked);
    await other.rename('c', 'Greeting');
    const seen: unknown[] = [];
    for (const each of [tab, other]) each.entries.subscribe(() => seen.push(titles(each)));
    await saved(tab, withChange(known, 't2', { text: 'whole', state: 'done' }), known);
    expect(seen).toEqual([['Greeting'], ['Greeting']]);
    expect(tab.entries.get()?.[0]?.words).toContain('whole');
    await other.load();
    expect(titles(other)).toEqual(['Greeting']);
  });

  it('does not list a chat again that was deleted while it was stored', async () => {
    const [tab] = await twoTabs();
    const known = await saved(tab, asked);
    const saving = tab.save(withChange(known, 't2', { text: 'whole' }), known);
    const deleting = tab.delete('c');
    await Promise.all([saving, deleting]);
    expect(titles(tab)).toEqual([]);
    await tab.load();
    expect(titles(tab)).toEqual([]);
  });

  it('lists the chats of this tab if the browser refuses the database', async () => {
    vi.stubGlobal('indexedDB', {
      open: () => {
        throw new Error('no room');
      },
    });
    const [tab] = await twoTabs();
    expect(await tab.save(asked, asked)).toBe(null);
    expect(await tab.save({ ...asked, title: 'Greeting' }, asked)).toBe(null);
    expect([titles(tab), tab.failure.get()]).toEqual([['Greeting'], 'no room']);
  });
});
