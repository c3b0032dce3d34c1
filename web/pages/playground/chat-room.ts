import { ValueStore } from '../../lib/value-store.ts';
import { figuresTogether } from './answer-figures.ts';
import type { AnswerReading, AnswerSoFar } from './answer-stream.ts';
import { chatBody, limitOf } from './chat-body.ts';
import { joined, sharing } from './conversation-join.ts';
import { shownTurns, withChange, withChoice, withTurn } from './conversation.ts';
import type { ChatFile, Conversation, Turn } from './conversation.ts';
import { turnError } from './turn-error.ts';

/** Effects of a {@link ChatRoom}. */
export interface ChatEffects {
  /** Reads an answer; see `readAnswer`. */
  read: (reading: Pick<AnswerReading, 'body' | 'signal' | 'onPart'>) => Promise<AnswerSoFar>;
  /** Stores the conversation, after each change that has to outlive the page; see `HistoryStore.save`. */
  save: (conversation: Conversation, known: Conversation) => Promise<Conversation | null>;
  /** Calls back before the next frame is painted. */
  nextFrame: (paint: () => void) => void;
  newId: () => string;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** The answer that comes now. Only the last message listens to it, so others do not render. */
export interface LiveAnswer extends AnswerSoFar {
  turn: string;
}

/** Milliseconds between two times that an answer under way is stored. */
const SAVE_MS = 2_000;

/** Owns one conversation: its turns, the answer that comes now, and its end. */
export class ChatRoom {
  readonly conversation: ValueStore<Conversation>;
  /** `null`: no answer comes, or nothing of it has come. */
  readonly live = new ValueStore<LiveAnswer | null>(null);
  /** The turn whose answer comes now; `null`: none. */
  readonly answering = new ValueStore<string | null>(null);
  readonly #effects: ChatEffects;
  /** The last version that this tab has in common with the store. */
  #known: Conversation;
  #abort: AbortController | null = null;

  constructor(conversation: Conversation, effects: ChatEffects) {
    this.conversation = new ValueStore(conversation);
    this.#known = conversation;
    this.#effects = effects;
  }

  /** Takes over what another tab has stored. The shown branches stay. */
  take(stored: Conversation): void {
    const theirs = sharing(stored, this.#known);
    this.conversation.set(joined(this.conversation.get(), this.#known, theirs));
    this.#known = theirs;
  }

  /** The turns whose answers come to other tabs, as the stored version says. */
  elsewhere(): string[] {
    const own = this.answering.get();
    return this.conversation
      .get()
      .turns.filter(({ id, state }) => state === 'streaming' && id !== own)
      .map(({ id }) => id);
  }

  /** Ends an answer whose tab is gone. Its text so far stays; if that tab stores more, it comes again. */
  abandon(id: string): void {
    if (this.elsewhere().includes(id)) this.take(withChange(this.#known, id, { state: 'stopped' }));
  }

  /** Changes settings of the conversation. */
  change(fields: Partial<Pick<Conversation, 'instance' | 'system' | 'parameters' | 'title'>>): void {
    this.conversation.set({ ...this.conversation.get(), ...fields });
    if (this.conversation.get().turns.length > 0) this.#save();
  }

  /** Asks a question at the end of the shown branches. Ignored while an answer comes. */
  send(text: string, files: readonly ChatFile[] = []): void {
    this.#ask(shownTurns(this.conversation.get()).at(-1)?.turn.id ?? null, text, files);
  }

  /** Asks a changed question beside an earlier one, as a new branch. */
  edit(id: string, text: string): void {
    const turn = this.#turn(id);
    if (turn !== undefined) this.#ask(turn.parent, text, turn.files);
  }

  /** Answers the question before an answer again, as a new branch. A question gets one more answer. */
  regenerate(id: string): void {
    const turn = this.#turn(id);
    const question = turn?.role === 'assistant' ? turn.parent : turn?.id;
    if (question !== undefined && question !== null) this.#answer(question);
  }

  /** Goes on with the last answer, which has ended too early: the instance gets its text, and adds to it. */
  continue(id: string): void {
    if (this.#abort !== null) return;
    const path = shownTurns(this.conversation.get()).map((shown) => shown.turn);
    const last = path.at(-1);
    if (last === undefined || last.id !== id || last.role !== 'assistant') return;
    const fields = { state: 'streaming', error: null, limit: null } as const;
    this.conversation.set(withChange(this.conversation.get(), id, fields));
    this.#save();
    void this.#stream(id, path, last);
  }

  /** Shows another branch. */
  choose(id: string): void {
    if (this.#abort !== null) return;
    this.conversation.set(withChoice(this.conversation.get(), id));
    this.#save();
  }

  /** Ends the answer that comes now. Its text so far stays. */
  stop(): void {
    this.#abort?.abort();
  }

  #turn(id: string): Turn | undefined {
    return this.conversation.get().turns.find((turn) => turn.id === id);
  }

  #ask(parent: string | null, text: string, files: readonly ChatFile[]): void {
    if (this.#abort !== null) return;
    const turn = this.#newTurn({ parent, role: 'user', text, files, instance: null, state: 'done' });
    this.conversation.set(withTurn(this.conversation.get(), turn));
    this.#answer(turn.id);
  }

  #answer(question: string): void {
    if (this.#abort !== null) return;
    const { instance } = this.conversation.get();
    const turn = this.#newTurn({
      parent: question,
      role: 'assistant',
      text: '',
      files: [],
      instance,
      state: 'streaming',
    });
    const conversation = withTurn(this.conversation.get(), turn);
    const before = shownTurns(conversation)
      .slice(0, -1)
      .map((shown) => shown.turn);
    this.conversation.set(conversation);
    this.#save();
    void this.#stream(turn.id, before);
  }

  /** @param begun The answer that it adds to; `null`: it is a new one. */
  async #stream(turn: string, before: readonly Turn[], begun: Turn | null = null): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    this.answering.set(turn);
    let newest: AnswerSoFar | null = null;
    let isFrameAsked = false;
    let savedAt = this.#effects.now();
    const paint = (): void => {
      isFrameAsked = false;
      if (newest !== null && this.#abort === abort) this.live.set({ turn, ...newest });
    };
    const onPart = (part: AnswerSoFar): void => {
      const sofar = together(begun, part);
      newest = sofar;
      if (!isFrameAsked) {
        isFrameAsked = true;
        this.#effects.nextFrame(paint);
      }
      if (this.#effects.now() - savedAt < SAVE_MS) return;
      savedAt = this.#effects.now();
      this.#save(withChange(this.conversation.get(), turn, fieldsOf(sofar)));
    };
    const end = (fields: Partial<Turn>): void => {
      this.#abort = null;
      this.conversation.set(withChange(this.conversation.get(), turn, { ...fieldsOf(newest), ...fields }));
      this.live.set(null);
      this.answering.set(null);
      this.#save();
    };
    try {
      const conversation = this.conversation.get();
      const body = chatBody({ ...conversation, instance: begun?.instance ?? conversation.instance }, before);
      const whole = together(begun, await this.#effects.read({ body, signal: abort.signal, onPart }));
      end({ ...fieldsOf(whole), state: 'done', limit: limitOf(body, whole.isCut) });
    } catch (error) {
      if (abort.signal.aborted) end({ state: 'stopped' });
      else end({ state: 'failed', error: turnError(error) });
    }
  }

  #newTurn(facts: Pick<Turn, 'parent' | 'role' | 'text' | 'files' | 'instance' | 'state'>): Turn {
    const { newId, now } = this.#effects;
    return { ...facts, id: newId(), reasoning: '', error: null, figures: null, at: now() };
  }

  #save(conversation = this.conversation.get()): void {
    void this.#effects.save(conversation, this.#known).then((written) => {
      if (written === null) return;
      // Only what other tabs stored, if anything, is new to this one.
      const isAlone = written.turns === conversation.turns;
      if (!isAlone) this.conversation.set(joined(this.conversation.get(), conversation, written));
      this.#known = written;
    });
  }
}

/** An answer with the part that was there before. */
function together(begun: Turn | null, part: AnswerSoFar): AnswerSoFar {
  if (begun === null) return part;
  return {
    ...part,
    text: begun.text + part.text,
    reasoning: begun.reasoning + part.reasoning,
    figures: figuresTogether(begun.figures, part.figures),
  };
}

/** The parts of an answer that a turn keeps. */
function fieldsOf(answer: AnswerSoFar | null): Partial<Turn> {
  if (answer === null) return {};
  const { text, reasoning, figures } = answer;
  return { text, reasoning, figures };
}
