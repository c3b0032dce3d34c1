import type { Clock } from '../instances/ports/time.ts';
import { parseEngineText, writeEngineFamilies, type ScrapedFamily } from './engine-text.ts';
import type { ReadEngineText, ScrapeTarget } from './metrics-ports.ts';
import type { Exposition } from './exposition.ts';

export interface EngineScrapeDependencies {
  clock: Pick<Clock, 'elapsed'>;
  /** The engines that run now. */
  targets: () => readonly ScrapeTarget[];
  read: ReadEngineText;
}

/** The engines' own figures. */
export interface EngineScrape {
  /**
   * Scrapes every engine, unless the last scrape is fresh. An engine that does not answer delays the scrape by at most
   * a second.
   */
  refresh(): Promise<void>;
  /** Writes the figures of the last scrape. @param instances Names of the instances to include. */
  write(exposition: Exposition, instances: readonly string[]): void;
}

/** The last answer of one run of an engine. */
interface ScrapeAnswer {
  /** Identifies the run. */
  run: string;
  /** `unsupported`: the engine has no figures during this run. */
  state: 'answered' | 'silent' | 'unsupported';
  families: readonly ScrapedFamily[];
}

/**
 * llama-server's averages cover the time since its last scrape, so two scrapers disturb each other. Scrapers within this
 * time get the same answer.
 */
const FRESH_MS = 5_000;
const LIMITS = { timeoutMs: 1_000, maxBytes: 1_048_576 };
const AT_ONCE = 64;
/** llama-server without `--metrics` answers 501; other engines do not know the path. */
const UNSUPPORTED: ReadonlySet<number> = new Set([404, 405, 501]);

/** Scrapes engines, once for all callers. Takes no lease: scraping does not reset the idle timer. */
export function createEngineScrape({ clock, targets, read }: EngineScrapeDependencies): EngineScrape {
  /** By the instance's name. */
  let answers = new Map<string, ScrapeAnswer>();
  let refreshedAt: number | null = null;
  let pending: Promise<void> | null = null;

  const ask = async ({ name, target }: ScrapeTarget): Promise<[string, ScrapeAnswer]> => {
    // Every run has its own key.
    const run = `${target.port} ${target.key ?? ''}`;
    const before = answers.get(name);
    if (before?.run === run && before.state === 'unsupported') return [name, before];
    const answer = await read(target, '/metrics', LIMITS);
    if (answer?.status === 200) return [name, { run, state: 'answered', families: parseEngineText(answer.text) }];
    return [
      name,
      { run, state: answer !== null && UNSUPPORTED.has(answer.status) ? 'unsupported' : 'silent', families: [] },
    ];
  };
  const askAll = async (): Promise<void> => {
    const queue = [...targets()];
    const fresh = new Map<string, ScrapeAnswer>();
    const work = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) fresh.set(...(await ask(next)));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    answers = fresh;
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
        'Whether the engine answered with its own figures, 1 or 0; absent where it has none.',
      );
      for (const instance of instances) {
        const known = answers.get(instance);
        if (known === undefined || known.state === 'unsupported') continue;
        success.add(known.state === 'answered' ? 1 : 0, { instance });
        writeEngineFamilies(exposition, known.families, instance);
      }
    },
  };
}
