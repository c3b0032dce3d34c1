import { ConnectionError, LlamactlError } from '@llamactl/client';
import { describe, expect, it } from 'vitest';
import type { AnswerSoFar } from './answer-stream.ts';
import { ChatRoom, type ChatEffects } from './chat-room.ts';
import { joined } from './conversation-join.ts';
import { newConversation, shownTurns, withTurn, type Conversation } from './conversation.ts';

type Reading = Parameters<ChatEffects['read']>[0];

const figures = {
  firstToken: 0.1,
  queue: null,
  prompt: null,
  tokens: 1,
  promptTokens: null,
  tokensPerSecond: null,
  seconds: 1,
};
const part = (text: string): AnswerSoFar => ({ text, reasoning: '', figures, isCut: false });

/** A room whose answers and frames the test gives. */
function stage() {
  const frames: (() => void)[] = [];
  const saved: Conversation[] = [];
  const asked: { reading: Reading; end: PromiseWithResolvers<AnswerSoFar> }[] = [];
  let others: Conversation | null = null;
  let ids = 0;
  let clock = 0;
  const room = new ChatRoom(newConversation({ id: 'c', instance: 'chat', createdAt: 0 }), {
    read: (reading) => {
      const end = Promise.withResolvers<AnswerSoFar>();
      asked.push({ reading, end });
      reading.signal.addEventListener('abort', () => end.reject(reading.signal.reason));
      return end.promise;
    },
    save: async (conversation, known) => {
      saved.push(conversation);
      return others === null ? conversation : joined(conversation, known, others);
    },
    nextFrame: (paint) => frames.push(paint),
    newId: () => `t${(ids += 1)}`,
    now: () => clock,
  });
  return {
    room,
    frames,
    saved,
    ask: (at: number) => {
      const found = asked[at];
      if (found === undefined) throw new Error('nothing was asked');
      return found;
    },
    askedCount: () => asked.length,
    wait: (ms: number) => (clock += ms),
    /** From now on another tab has stored this before each save. */
    storeElsewhere: (conversation: Conversation) => (others = conversation),
    texts: () => shownTurns(room.conversation.get()).map(({ turn }) => turn.text),
  };
}

/** Lets the room take what a promise brought. */
const settled = () => new Promise<void>((resolve) => setTimeout(resolve));

describe('a chat', () => {
  it('shows the pieces of one frame at once, and stores the whole answer at its end', async () => {
    const { room, frames, ask, saved, texts } = stage();
    room.send('Hello');
    ask(0).reading.onPart(part('A'));
    ask(0).reading.onPart(part('AB'));
    expect(frames).toHaveLength(1);
    expect(room.live.get()).toBeNull();
    frames[0]?.();
    expect(room.live.get()).toMatchObject({ turn: 't2', text: 'AB' });
    ask(0).end.resolve(part('ABC'));
    await settled();
    expect(room.live.get()).toBeNull();
    expect(room.answering.get()).toBeNull();
    expect(texts()).toEqual(['Hello', 'ABC']);
    expect(saved.at(-1)?.turns[1]).toMatchObject({ text: 'ABC', state: 'done', figures });
  });

  it('does not render earlier turns while an answer comes', () => {
    const { room, frames, ask } = stage();
    room.send('Hello');
    const before = room.conversation.get();
    ask(0).reading.onPart(part('A'));
    frames[0]?.();
    expect(room.conversation.get()).toBe(before);
  });

  it('keeps the text of a stopped answer', async () => {
    const { room, ask, texts } = stage();
    room.send('Hello');
    ask(0).reading.onPart(part('half'));
    room.stop();
    await settled();
    expect(texts()).toEqual(['Hello', 'half']);
    expect(room.conversation.get().turns[1]?.state).toBe('stopped');
  });

  it('keeps the sentence of a refusal, and answers again as a new branch', async () => {
    const { room, ask, askedCount } = stage();
    room.send('Hello');
    const facts = { status: 409, code: 'X', details: '', requestId: 'r1', problems: [], reason: undefined };
    ask(0).end.reject(new LlamactlError('It is stopped.', { ...facts, retryAfter: null }));
    await settled();
    const failed = room.conversation.get().turns[1];
    expect(failed).toMatchObject({ state: 'failed', error: { sentence: 'It is stopped.', requestId: 'r1' } });
    room.regenerate('t2');
    expect(askedCount()).toBe(2);
    expect(shownTurns(room.conversation.get())[1]).toMatchObject({ branches: ['t2', 't3'], at: 1 });
  });

  it('says that the connection broke, and keeps the text so far', async () => {
    const { room, ask } = stage();
    room.send('Hello');
    ask(0).reading.onPart(part('half'));
    ask(0).end.reject(new ConnectionError('No answer from http://h: does it allow this page?', { url: 'http://h' }));
    await settled();
    expect(room.conversation.get().turns[1]).toMatchObject({ text: 'half', state: 'failed', error: { isLost: true } });
  });

  it('says which limit cut an answer', async () => {
    const { room, ask } = stage();
    room.send('one');
    ask(0).end.resolve({ ...part('1'), isCut: true });
    await settled();
    expect(room.conversation.get().turns[1]).toMatchObject({ state: 'done', limit: 'instance' });
    room.change({ parameters: { max_tokens: '16' } });
    room.send('two');
    ask(1).end.resolve({ ...part('2'), isCut: true });
    await settled();
    expect(room.conversation.get().turns[3]?.limit).toBe('max_tokens');
    room.send('three');
    ask(2).end.resolve(part('3'));
    await settled();
    expect(room.conversation.get().turns[5]?.limit).toBeNull();
  });

  it('goes on with a stopped answer: the instance gets its text, and adds to it', async () => {
    const { room, ask, askedCount, texts } = stage();
    room.send('Hello');
    ask(0).reading.onPart({ ...part('one '), figures: { ...figures, tokens: 3 } });
    room.stop();
    await settled();
    room.continue('t2');
    expect(ask(1).reading.body).toMatchObject({
      continue_final_message: true,
      messages: [
        { role: 'user', content: 'Hello' },
        { role: 'assistant', content: 'one ' },
      ],
    });
    ask(1).end.resolve({ ...part('two'), figures: { ...figures, tokens: 2, promptTokens: 20 } });
    await settled();
    expect(texts()).toEqual(['Hello', 'one two']);
    expect(room.conversation.get().turns[1]).toMatchObject({ state: 'done', figures: { tokens: 5, promptTokens: 17 } });
    room.continue('t1');
    expect(askedCount()).toBe(2);
  });

  it('sends a changed question with the turns before it only', async () => {
    const { room, ask } = stage();
    room.send('one');
    ask(0).end.resolve(part('1'));
    await settled();
    room.send('two');
    ask(1).end.resolve(part('2'));
    await settled();
    room.edit('t3', 'three');
    expect(ask(2).reading.body.messages).toEqual([
      { role: 'user', content: 'one' },
      { role: 'assistant', content: '1' },
      { role: 'user', content: 'three' },
    ]);
  });

  it('takes one question at a time', () => {
    const { room, askedCount } = stage();
    room.send('one');
    room.send('two');
    expect(askedCount()).toBe(1);
    expect(room.conversation.get().turns).toHaveLength(2);
  });

  it('stores a long answer while it comes, every two seconds', () => {
    const { room, ask, saved, wait } = stage();
    room.send('Hello');
    const before = saved.length;
    ask(0).reading.onPart(part('A'));
    expect(saved).toHaveLength(before);
    wait(2_000);
    ask(0).reading.onPart(part('AB'));
    expect(saved.at(-1)?.turns[1]).toMatchObject({ text: 'AB', state: 'streaming' });
  });

  it('takes over what another tab has asked, and goes on after it', async () => {
    const { room, ask, texts } = stage();
    room.send('one');
    ask(0).end.resolve(part('1'));
    await settled();
    room.take(asked(room.conversation.get(), 'other tab'));
    expect(texts()).toEqual(['one', '1', 'other tab']);
    room.send('two');
    expect(texts()).toEqual(['one', '1', 'other tab', 'two', '']);
  });

  it('keeps the answer that comes when another tab stores the chat', async () => {
    const { room, frames, ask, texts } = stage();
    room.send('one');
    await settled();
    const stored = structuredClone(room.conversation.get());
    ask(0).reading.onPart(part('half'));
    frames[0]?.();
    room.take({ ...stored, title: 'Renamed' });
    ask(0).end.resolve(part('half and half'));
    await settled();
    expect(texts()).toEqual(['one', 'half and half']);
    expect(room.conversation.get().title).toBe('Renamed');
  });

  it('shows the answer of a tab that is gone as stopped, and goes on with it', async () => {
    const { room, ask } = stage();
    room.take(comesElsewhere('half'));
    expect(room.elsewhere()).toEqual(['answer']);
    room.abandon('answer');
    expect(room.elsewhere()).toEqual([]);
    expect(room.conversation.get().turns.at(-1)).toMatchObject({ text: 'half', state: 'stopped' });
    room.take(comesElsewhere('half and more'));
    expect(room.conversation.get().turns.at(-1)).toMatchObject({ text: 'half and more', state: 'streaming' });
    room.abandon('answer');
    room.continue('answer');
    expect(ask(0).reading.body.messages.at(-1)).toEqual({ role: 'assistant', content: 'half and more' });
    expect(room.elsewhere()).toEqual([]);
    room.abandon('answer');
    expect(room.conversation.get().turns.at(-1)?.state).toBe('streaming');
  });

  it('gets the turns that another tab stored first, as another branch', async () => {
    const { room, ask, storeElsewhere, texts } = stage();
    room.send('one');
    ask(0).end.resolve(part('1'));
    await settled();
    storeElsewhere(asked(structuredClone(room.conversation.get()), 'other tab'));
    room.send('two');
    await settled();
    expect(texts()).toEqual(['one', '1', 'two', '']);
    expect(shownTurns(room.conversation.get())[2]?.branches).toHaveLength(2);
  });
});

/** The chat as another tab stores it while its answer comes. */
function comesElsewhere(text: string): Conversation {
  const fields = { reasoning: '', files: [], error: null, figures: null };
  const question = {
    ...fields,
    id: 'question',
    parent: null,
    role: 'user',
    text: 'one',
    instance: null,
    at: 1,
  } as const;
  const answer = {
    ...fields,
    id: 'answer',
    parent: 'question',
    role: 'assistant',
    text,
    instance: 'chat',
    at: 2,
  } as const;
  const empty = newConversation({ id: 'c', instance: 'chat', createdAt: 0 });
  return withTurn(withTurn(empty, { ...question, state: 'done' }), { ...answer, state: 'streaming' });
}

/** The chat after a question that another tab asks at its end. */
function asked(conversation: Conversation, text: string): Conversation {
  const last = shownTurns(conversation).at(-1)?.turn;
  if (last === undefined) throw new Error('the chat has no turn');
  return withTurn(conversation, { ...last, id: text, parent: last.id, role: 'user', text, figures: null });
}
