import { describe, expect, it } from 'vitest';
import {
  afterReload,
  newConversation,
  shownTurns,
  withChange,
  withChoice,
  withTurn,
  type Conversation,
  type Turn,
} from './conversation.ts';

const blank = newConversation({ id: 'c', instance: 'chat', createdAt: 0 });

function turn(id: string, parent: string | null, fields: Partial<Turn> = {}): Turn {
  const role = parent === null || parent.startsWith('a') ? 'user' : 'assistant';
  const empty = { reasoning: '', files: [], instance: null, error: null, figures: null, at: 1 } as const;
  return { ...empty, id, parent, role, text: id, state: 'done', ...fields };
}

/** A question with two answers; the second was followed by another question. */
function branched(): Conversation {
  return [turn('q1', null), turn('a1', 'q1'), turn('a2', 'q1'), turn('q2', 'a2')].reduce(withTurn, blank);
}

const ids = (conversation: Conversation): string[] => shownTurns(conversation).map((shown) => shown.turn.id);

describe('a conversation', () => {
  it('shows the newest branch at each point', () => {
    expect(ids(branched())).toEqual(['q1', 'a2', 'q2']);
    expect(shownTurns(branched())[1]).toMatchObject({ branches: ['a1', 'a2'], at: 1 });
  });

  it('shows a chosen branch with what follows it, and finds the other again', () => {
    const first = withChoice(branched(), 'a1');
    expect(ids(first)).toEqual(['q1', 'a1']);
    expect(ids(withChoice(first, 'a2'))).toEqual(['q1', 'a2', 'q2']);
  });

  it('has branches of its first question too', () => {
    const edited = withTurn(branched(), turn('q9', null));
    expect(ids(edited)).toEqual(['q9']);
    expect(shownTurns(edited)[0]).toMatchObject({ branches: ['q1', 'q9'], at: 1 });
  });

  it('gets its title from the first question on one line, and keeps it', () => {
    const titled = withTurn(blank, turn('q1', null, { text: '  Name\n three   fruits ' }));
    expect(titled.title).toBe('Name three fruits');
    expect(withTurn(titled, turn('q2', 'q1', { text: 'more' })).title).toBe('Name three fruits');
    expect(withTurn(blank, turn('q', null, { text: 'x'.repeat(200) })).title).toHaveLength(60);
    const file = { kind: 'text', name: 'notes.txt', content: '' } as const;
    expect(withTurn(blank, turn('q', null, { text: '', files: [file] })).title).toBe('notes.txt');
  });

  it('ends an answer that a reload has cut off', () => {
    const cut = withChange(branched(), 'a2', { state: 'streaming', text: 'half' });
    expect(afterReload(cut).turns[2]).toMatchObject({ state: 'stopped', text: 'half' });
  });

  it('ignores a choice of a turn that it lacks', () => {
    expect(withChoice(blank, 'gone')).toBe(blank);
  });
});
