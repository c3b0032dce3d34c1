import { TARGET_ID, type AuditEntry, type AuditQuery, type AuditStore } from '../auth/auth-ports.ts';
import { MemoryCommits } from './memory-commits.ts';

/** An {@link AuditStore} in memory. The object stands for the data directory. */
export class MemoryAudit implements AuditStore {
  readonly #commits = new MemoryCommits();
  #rows: (AuditEntry & { seq: number })[] = [];
  #lastSeq = 0;

  /** While set, changes fail with this error and store nothing, as on a full disk. */
  set failure(failure: Error | null) {
    this.#commits.failure = failure;
  }

  async append(given: AuditEntry): Promise<void> {
    const entry = { ...given };
    await this.#commits.add(() => {
      this.#lastSeq += 1;
      this.#rows.push({ ...entry, seq: this.#lastSeq });
    });
  }

  async read(query: AuditQuery): Promise<(AuditEntry & { seq: number })[]> {
    const {
      limit,
      beforeSeq,
      subject,
      actions,
      target,
      isPart = false,
      since = '',
      until = '9',
      statuses = [0, 999],
    } = query;
    const matches = (text: string | null, wanted: string | null): boolean =>
      wanted === null || (isPart ? text?.toLowerCase().includes(wanted.toLowerCase()) === true : text === wanted);
    const isId = !isPart && TARGET_ID.test(target ?? '');
    const isAnyAction = actions === null || actions.length === 0;
    const found = this.#rows.filter(
      (row) =>
        row.seq < (beforeSeq ?? Infinity) &&
        matches(subject?.includes(':') === false && isPart ? row.subject.replace(/^\w+:/, '') : row.subject, subject) &&
        (isAnyAction || actions.some((action) => matches(row.action, action))) &&
        (matches(row.target, target) ||
          (isPart && target !== null && shownIn(row).some((text) => matches(text, target))) ||
          (isId && row.target?.startsWith(`${target} (`) === true)) &&
        row.timestamp >= since &&
        row.timestamp < until &&
        row.status >= statuses[0] &&
        row.status <= statuses[1],
    );
    return structuredClone(found.toReversed().slice(0, limit));
  }

  async prune(before: string): Promise<void> {
    await this.#commits.add(() => {
      this.#rows = this.#rows.filter(({ timestamp }) => timestamp >= before);
    });
  }
}

/** The paths and values of the changes of a row. */
function shownIn({ changes = [] }: AuditEntry): string[] {
  return changes.flatMap(({ path, before, after }) => [path, JSON.stringify(before), JSON.stringify(after)]);
}
