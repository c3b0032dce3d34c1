import type { Clock } from '../instances/ports.ts';
import { parseEngineText, writeEngineFamilies, type ScrapedFamily } from './engine-text.ts';
import type { ReadEngineText, ScrapeTarget } from './ports.ts';
import type { Exposition } from './prometheus.ts';

export interface EngineScrapeParts {
  clock: Pick<Clock, 'elapsed'>;
  /** The engines that run now. */
  targets: () => readonly ScrapeTarget[];
  read: ReadEngineText;
}

/** What engines say of themselves. */
export interface EngineScrape {
  /** Asks every engine, unless that was done a moment ago. Takes a second, however long engines are silent. */
  refresh(): Promise<void>;
  /** What was said last. @param instances Names of those to tell of. */
  write(exposition: Exposition, instances: readonly string[]): void;
}

/** What one run of an engine said. */
interface Said {
  /** Of the run. */
  run: string;
  /** `mute`: it has no figures, and will not have any. */
  state: 'told' | 'silent' | 'mute';
  families: readonly ScrapedFamily[];
}

/**
 * llama-server's averages are those since it was asked last, so two who ask disturb each other: whoever asks us within
 * this time gets the same.
 */
const FRESH_MS = 5_000;
const LIMITS = { timeoutMs: 1_000, maxBytes: 1_048_576 };
const AT_ONCE = 64;
/** llama-server without `--metrics` says 501, other engines know no such path. */
const MUTE: ReadonlySet<number> = new Set([404, 405, 501]);

/** Asks engines for their own figures, once for all who want to know. It needs no lease: to be asked is no use. */
export function createEngineScrape({ clock, targets, read }: EngineScrapeParts): EngineScrape {
  /** By the instance's name. */
  let said = new Map<string, Said>();
  let refreshedAt: number | null = null;
  let pending: Promise<void> | null = null;

  const ask = async ({ name, target }: ScrapeTarget): Promise<[string, Said]> => {
    // The key is another one with every run.
    const run = `${target.port} ${target.key ?? ''}`;
    const before = said.get(name);
    if (before?.run === run && before.state === 'mute') return [name, before];
    const answer = await read(target, '/metrics', LIMITS);
    if (answer?.status === 200) return [name, { run, state: 'told', families: parseEngineText(answer.text) }];
    return [name, { run, state: answer !== null && MUTE.has(answer.status) ? 'mute' : 'silent', families: [] }];
  };
  const askAll = async (): Promise<void> => {
    const queue = [...targets()];
    const answers = new Map<string, Said>();
    const work = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) answers.set(...(await ask(next)));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    said = answers;
    refreshedAt = clock.elapsed();
  };

  return {
    refresh: async () => {
      const age = refreshedAt === null ? Infinity : clock.elapsed() - refreshedAt;
      if (age < FRESH_MS) return;
      pending ??= askAll().finally(() => {
        pending = null;
      });
      await pending;
    },
    write: (exposition, instances) => {
      const success = exposition.family(
        'llamactl_engine_scrape_success',
        'gauge',
        'Whether the engine told its own figures, 1 or 0; absent where it has none.',
      );
      for (const instance of instances) {
        const known = said.get(instance);
        if (known === undefined || known.state === 'mute') continue;
        success.add(known.state === 'told' ? 1 : 0, { instance });
        writeEngineFamilies(exposition, known.families, instance);
      }
    },
  };
}
