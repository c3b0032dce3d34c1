import { describe, expect, it } from 'vitest';
import { waitingNote } from './interruption.ts';

const lost = (attempt: number): { attempt: number; error: Error; delay: number } => ({
  attempt,
  error: new Error('Gone.'),
  delay: 1,
});

function noting(options?: { isOpen: boolean }): { notes: string[]; note: ReturnType<typeof waitingNote> } {
  const notes: string[] = [];
  return { notes, note: waitingNote({ note: (text) => void notes.push(text) }, options) };
}

describe('the note that a stream waits for its server', () => {
  it('is printed once for each loss', () => {
    const { notes, note } = noting();
    note.onOpen();
    for (const attempt of [1, 2, 3, 1, 2]) note.onInterruption(lost(attempt));
    expect(notes).toEqual(Array(2).fill('llamactl: Gone. Waiting for the server …'));
  });

  it('is printed for a stream that first ended in order, whose attempts begin with the second', () => {
    const { notes, note } = noting();
    note.onOpen();
    note.onInterruption(lost(2));
    note.onInterruption(lost(3));
    note.onOpen();
    note.onInterruption(lost(2));
    expect(notes).toHaveLength(2);
  });

  it('is not printed for a server that was never there', () => {
    const { notes, note } = noting();
    note.onInterruption(lost(1));
    note.onInterruption(lost(2));
    expect(notes).toEqual([]);
  });

  it('is printed at once if the server was there before', () => {
    const { notes, note } = noting({ isOpen: true });
    note.onInterruption(lost(1));
    expect(notes).toHaveLength(1);
  });
});
