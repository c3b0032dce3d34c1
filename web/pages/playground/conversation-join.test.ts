import { describe, expect, it } from 'vitest';
import { joined, sharing } from './conversation-join.ts';
import { newConversation, shownTurns, withChange, withTurn, type Conversation, type Turn } from './conversation.ts';

function turn(id: string, parent: string | null, at: number, text = id): Turn {
  const rest = { reasoning: '', files: [], instance: null, error: null, figures: null } as const;
  return { id, parent, at, text, role: 'user', state: 'done', ...rest };
}

const known = withTurn(newConversation({ id: 'c', instance: 'chat', createdAt: 0 }), turn('a', null, 1));
const texts = (conversation: Conversation) => shownTurns(conversation).map((shown) => shown.turn.text);

describe('two tabs with one chat', () => {
  it('lose no turn: questions at the same place become branches, oldest first', () => {
    const mine = withTurn(known, turn('mine', 'a', 3));
    const theirs = withTurn(known, turn('theirs', 'a', 2));
    const both = joined(mine, known, theirs);
    expect(texts(both)).toEqual(['a', 'mine']);
    expect(shownTurns(both)[1]?.branches).toEqual(['theirs', 'mine']);
  });

  it('show what the other one asked at the end', () => {
    expect(texts(joined(known, known, withTurn(known, turn('theirs', 'a', 2))))).toEqual(['a', 'theirs']);
  });

  it('keep the newer text of a turn, whichever tab changed it', () => {
    const longer = withChange(known, 'a', { text: 'longer' });
    expect(texts(joined(longer, known, known))).toEqual(['longer']);
    expect(texts(joined(known, known, longer))).toEqual(['longer']);
  });

  it('keep changed settings of both, and the instance of each', () => {
    const mine = { ...known, system: 'Be short.' };
    const theirs = { ...known, title: 'Named', parameters: { seed: '1' }, instance: 'other' };
    expect(joined(mine, known, theirs)).toMatchObject({
      system: 'Be short.',
      title: 'Named',
      parameters: { seed: '1' },
      instance: 'chat',
    });
  });

  it('do not render turns again that are equal', () => {
    const stored = structuredClone(withTurn(known, turn('theirs', 'a', 2)));
    expect(sharing(stored, known).turns[0]).toBe(known.turns[0]);
    expect(sharing(withChange(stored, 'a', { state: 'stopped' }), known).turns[0]).not.toBe(known.turns[0]);
  });
});
