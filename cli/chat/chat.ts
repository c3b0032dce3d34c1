import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@llamactl/client';
import type { Session } from '../command-line.ts';
import { failureOf } from '../failure.ts';
import { knownSize } from '../screen/terminal.ts';
import { plain, wrapped } from '../screen/text.ts';
import { giveAnswer, type Answer, type AnswerTerms } from './answer.ts';
import { whyBroken } from './broken-answer.ts';
import { chatCommand, CHAT_HELP, type ChatCommand } from './chat-command.ts';
import { settingText } from './chat-settings.ts';
import type { Conversation } from './conversation.ts';
import { LineEditor } from './line-editor.ts';
import { ensureRunning } from './running-instance.ts';
import { waysForLongPrompt } from './prompt-length.ts';
import type { ShownPart } from './shown-part.ts';
import { TypedText } from './typed-text.ts';

const PROMPT = '> ';
const PROMPT_WITHIN = '… ';

const LOOK_EVERY_MS = 250;

/** A conversation at a terminal. Prints errors and goes on until the user quits. */
export class Chat {
  readonly #session: Session;
  readonly #conversation: Conversation;
  #view: Omit<AnswerTerms, 'signal'>;
  readonly #editor: LineEditor;

  constructor(session: Session, conversation: Conversation, view: Omit<AnswerTerms, 'signal'>) {
    this.#session = session;
    this.#conversation = conversation;
    this.#view = view;
    this.#editor = new LineEditor(session.terminal.streams);
  }

  /** Resolves when the user quits. */
  async run(): Promise<void> {
    const { signal, terminal } = this.#session;
    const leave = (): void => this.#editor.close();
    signal.addEventListener('abort', leave);
    try {
      terminal.note(terminal.style.faint(`chatting with ${this.#conversation.model}; for help: /help`));
      await this.#talk();
    } finally {
      signal.removeEventListener('abort', leave);
      this.#editor.close();
    }
  }

  async #talk(): Promise<void> {
    const { terminal } = this.#session;
    const text = new TypedText();
    let hasInterrupted = false;
    for (;;) {
      const typed = await this.#editor.line(text.isOpen ? PROMPT_WITHIN : PROMPT);
      if (typed.kind === 'gone') return terminal.warn('');
      if (typed.kind === 'interrupted') {
        const isAtEnd = typed.wasEmpty && !text.isOpen;
        text.drop();
        if (isAtEnd && hasInterrupted) return;
        hasInterrupted = isAtEnd;
        if (isAtEnd) terminal.note(terminal.style.faint('to quit: Ctrl-C again, Ctrl-D or /exit'));
        continue;
      }
      hasInterrupted = false;
      const whole = text.add(typed.text);
      const command: ChatCommand = whole === null ? { kind: 'nothing' } : chatCommand(whole, this.#conversation.model);
      if (command.kind === 'exit') return;
      await this.#execute(command);
    }
  }

  async #execute(command: Exclude<ChatCommand, { kind: 'exit' }>): Promise<void> {
    const { terminal } = this.#session;
    const conversation = this.#conversation;
    switch (command.kind) {
      case 'nothing':
        return;
      case 'question':
        return this.#ask(command.text);
      case 'help':
        return terminal.warn(CHAT_HELP);
      case 'clear':
        conversation.clear();
        return terminal.warn('conversation cleared');
      case 'system':
        if (command.text === null && conversation.system === '') return this.#show('system');
        if (command.text !== null) conversation.system = command.text;
        return terminal.warn(
          `system: ${conversation.system === '' ? "(the instance's, if it has one)" : plain(conversation.system, 'many lines')}`,
        );
      case 'set':
        if (command.value === undefined) conversation.settings.delete(command.name);
        else conversation.settings.set(command.name, command.value);
        return this.#showSettings();
      case 'settings':
        return this.#showSettings();
      case 'show':
        return this.#show(command.part);
      case 'verbose':
        this.#view = { ...this.#view, isVerbose: command.isOn };
        return terminal.warn(command.isOn ? 'figures follow each answer' : 'no figures after answers');
      case 'mistake':
        return terminal.warn(wrapped(command.message, knownSize(terminal.streams.stderr.columns, 80)).join('\n'));
    }
  }

  async #show(part: ShownPart): Promise<void> {
    const { terminal } = this.#session;
    try {
      const { shownPart } = await import('./shown-part.ts');
      for (const line of await shownPart(this.#session, this.#conversation, part)) terminal.warn(line);
    } catch (error) {
      if (this.#session.signal.aborted) throw error;
      for (const line of failureOf(error, true).lines) terminal.warn(line);
    }
  }

  #showSettings(): void {
    const { settings } = this.#conversation;
    const { terminal } = this.#session;
    if (settings.size === 0) terminal.warn("no settings: using the engine's defaults");
    for (const [name, value] of settings) terminal.warn(settingText(name, value));
  }

  /** Ctrl-C stops only the current question and all its work. */
  async #ask(question: string): Promise<void> {
    const { signal, terminal } = this.#session;
    const stop = new AbortController();
    const terms = { ...this.#view, signal: AbortSignal.any([signal, stop.signal]) };
    try {
      await this.#editor.during(
        () => stop.abort(),
        () => this.#answer(question, terms),
      );
    } catch (error) {
      if (signal.aborted) throw error;
      if (stop.signal.aborted) terminal.warn(terminal.style.faint('(stopped)'));
      else {
        const ways = waysForLongPrompt(error, this.#conversation.model);
        for (const line of [...failureOf(error, true).lines, ...ways]) terminal.warn(line);
      }
    }
    terminal.note('');
  }

  /** @throws the error that prevents an answer, and the signal's reason */
  async #answer(question: string, terms: AnswerTerms): Promise<void> {
    const conversation = this.#conversation;
    const { now } = this.#session;
    for (let hasRestarted = false; ;) {
      const asked = now();
      const answer = await giveAnswer(this.#session, conversation.request(question), terms);
      const { failure, text } = answer;
      if (failure === null || (terms.signal.aborted && text !== '')) conversation.note(question, text);
      if (failure === null) return;
      terms.signal.throwIfAborted();
      const next = await this.#nextStep(answer, failure.error, { hasRestarted, asked, signal: terms.signal });
      if (next === 'broken')
        return this.#session.terminal.warn(
          await whyBroken(this.#session, conversation.model, { asked, signal: terms.signal }),
        );
      if (next === 'wait') await this.#waitForServer(terms.signal);
      else {
        const instance = { name: conversation.model, isNew: false };
        await ensureRunning({ ...this.#session, signal: terms.signal }, instance);
      }
      hasRestarted ||= next === 'start';
    }
  }

  /** Decides how to go on after an unanswered question. @throws the error if it cannot go on */
  async #nextStep(
    { hasBegun }: Pick<Answer, 'hasBegun'>,
    error: unknown,
    { hasRestarted, asked, signal }: { hasRestarted: boolean; asked: number; signal: AbortSignal },
  ): Promise<'broken' | 'wait' | 'start'> {
    const { client } = this.#session;
    const { ConnectionError, LlamactlError, TimeoutError } = await import('@llamactl/client');
    if (error instanceof ConnectionError && !(error instanceof TimeoutError)) {
      // A stop cuts the connection too. Asking again would start the engine that a user has just stopped.
      return hasBegun || (!error.isUnsent && (await isReachable(client, signal))) ? 'broken' : 'wait';
    }
    if (error instanceof LlamactlError && !hasBegun) {
      // Error codes are lower case under /v1.
      const code = error.code.toUpperCase();
      if (code === 'SHUTTING_DOWN') return 'wait';
      // 502: the engine died on this very question, so do not send it again.
      if (code === 'INSTANCE_NOT_RUNNING' && error.status === 503 && !hasRestarted) {
        const { hasEndedSince } = await import('./broken-answer.ts');
        return (await hasEndedSince(client, this.#conversation.model, { asked, signal })) ? 'broken' : 'start';
      }
    }
    throw error;
  }

  async #waitForServer(signal: AbortSignal): Promise<void> {
    const { client, terminal } = this.#session;
    terminal.note(terminal.style.faint(`the server at ${client.url} does not answer; waiting for it (Ctrl-C stops) …`));
    await serverBack(client, signal);
  }
}

async function isReachable(client: Pick<Client, 'getReadiness'>, signal: AbortSignal): Promise<boolean> {
  const { ConnectionError } = await import('@llamactl/client');
  try {
    await client.getReadiness({ signal, retries: 0 });
    return true;
  } catch (error) {
    if (error instanceof ConnectionError) return false;
    throw error;
  }
}

/** Waits until an unreachable server accepts requests again. @throws the signal's reason */
async function serverBack(client: Pick<Client, 'getReadiness'>, signal: AbortSignal): Promise<void> {
  const { TimeoutError } = await import('@llamactl/client');
  for (;;) {
    try {
      const { status } = await client.getReadiness({ signal, retries: Infinity });
      if (status === 'ok') return;
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
    }
    await pause(LOOK_EVERY_MS, undefined, { signal });
  }
}
