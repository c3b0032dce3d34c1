/**
 * Keeps a core busy until the process that forked it is gone: the other work of a busy machine.
 *
 *     node other-work.ts
 */

/** Short, so that the end is noticed soon; long, so that little but the loop runs. */
const SPELL_MS = 20;

function spell(): void {
  const until = performance.now() + SPELL_MS;
  while (performance.now() < until);
  setImmediate(spell);
}

process.on('disconnect', () => process.exit());
spell();
