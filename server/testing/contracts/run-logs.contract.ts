import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogItem } from '@llamactl/contract/logs';
import type { LogReference, RunLogs } from '../../instances/ports/run-output.ts';
import type { RunReference } from '../../instances/ports/runs.ts';

/** Logs under test, with one run that has begun. */
export interface RunLogsSubject {
  logs: RunLogs;
  log: LogReference;
  run: RunReference;
  /** Writes a line, as the engine does. */
  write: (message: string) => void;
  dispose: () => void;
}

const all = { lines: null, level: null, afterSeq: null };

/** The contract tests of {@link RunLogs}. */
export function runLogsContract(title: string, make: () => Promise<RunLogsSubject>): void {
  describe(title, () => {
    let subject: RunLogsSubject;
    let end: AbortController;

    beforeEach(async () => {
      subject = await make();
      end = new AbortController();
    });
    afterEach(() => {
      end.abort();
      subject.logs.close();
      subject.dispose();
    });

    const follow = (query = {}): AsyncIterator<readonly LogItem[]> =>
      subject.logs.follow(subject.log, { ...all, ...query }, end.signal)[Symbol.asyncIterator]();
    const messages = (items: readonly LogItem[]): string[] =>
      items.map((item) => ('gap' in item ? 'a gap' : item.message));
    /** The next items of a follower; `null`: the follower has ended. */
    const next = async (items: AsyncIterator<readonly LogItem[]>): Promise<string[] | null> => {
      const step = await items.next();
      return step.done === true ? null : messages(step.value);
    };

    it('reads the last lines, or the first lines after a position', async () => {
      const { logs, log, write } = subject;
      for (const message of ['one', 'two', 'three']) write(message);
      const last = await logs.read(log, { lines: 2, level: null, afterSeq: null });
      expect(messages(last.logs)).toEqual(['two', 'three']);
      const { seq = 0 } = last.logs[0] ?? {};
      expect(messages((await logs.read(log, { ...all, lines: 5, afterSeq: seq })).logs)).toEqual(['three']);
      expect(await logs.read(log, { ...all, lines: 5, afterSeq: seq * 1_000 })).toEqual({ logs: [] });
    });

    it('sends a follower existing lines and new ones', async () => {
      subject.write('one');
      const follower = follow({ lines: 1 });
      expect(await next(follower)).toEqual(['one']);
      const coming = next(follower);
      subject.write('two');
      expect(await coming).toEqual(['two']);
    });

    it.each([
      ['its signal aborts', () => end.abort()],
      ['the log is forgotten', () => subject.logs.forget(subject.log)],
      ['the logs are closed', () => subject.logs.close()],
    ])('ends a waiting follower when %s', async (_, stop) => {
      subject.write('one');
      const follower = follow();
      await next(follower);
      const waiting = next(follower);
      stop();
      expect(await waiting).toBe(null);
    });

    it('accepts repeated detaches, also of a run that was never attached', async () => {
      const { logs, log, run, write } = subject;
      write('one');
      logs.attach(log, run);
      logs.detach(log, run);
      logs.detach(log, run);
      logs.detach(log, { ...run, folder: `${run.folder}-other` });
      expect(messages((await logs.read(log, { ...all, lines: 5 })).logs)).toEqual(['one']);
    });

    it('returns an empty tail for an unknown run', async () => {
      const other = { ...subject.run, folder: `${subject.run.folder}-other` };
      expect(await subject.logs.tail(other, 5)).toEqual([]);
      expect(subject.logs.size(other)).toBe(0);
    });
  });
}
