import type { AuditRow } from '@llamactl/client';
import type { accessWords } from '../../words/access.ts';
import { callerText } from '../../lib/caller-text.ts';

/** The words of commands for several instances, by operation. */
type BatchWords = (typeof accessWords)['en']['auditBatches'];

/** The target of a row, as people call it. */
export interface AuditTarget {
  name: string;
  /** Tells it apart from others with its name; `null`: the name does. */
  id: string | null;
}

/**
 * Returns the target of a row: a key by its name, an ended request by its instance and its caller, a change of the
 * configuration by its sections, and a command for several instances with the number of those that took it. `null`: it has none.
 *
 * @param batches The words of commands for several instances, by operation.
 * @param keyNames Names of keys by their ids: rows of earlier versions have only the id.
 */
export function auditTarget(
  { action, target, changes = [] }: Pick<AuditRow, 'action' | 'target' | 'changes'>,
  keyNames: ReadonlyMap<string, string>,
  batches: BatchWords,
): AuditTarget | null {
  if (target === null) {
    const sections = action === 'updateConfig' ? changes.map(({ path }) => path.replace(/\..*$/, '')) : [];
    return sections.length === 0 ? null : { name: [...new Set(sections)].join(', '), id: null };
  }
  if (action === 'cancelRequest') {
    const [, id = null, instance, caller] = /^(\S+) \((.*?), (.*)\)$/.exec(target) ?? [];
    if (instance === undefined || caller === undefined) return { name: target, id };
    return { name: `${instance} · ${callerText(caller)}`, id };
  }
  if (isBatch(action, batches)) {
    const [, names = target, done, all] = /^(.*) \((\d+) of (\d+)\)$/.exec(target) ?? [];
    return { name: names, id: done === undefined || all === undefined ? null : batches[action](done, all) };
  }
  const [, id = target, name = keyNames.get(target)] = /^([0-9a-f]{12}) \((.*)\)$/.exec(target) ?? [];
  return name === undefined ? { name: target, id: null } : { name, id };
}

function isBatch(action: string, batches: BatchWords): action is keyof BatchWords {
  return Object.hasOwn(batches, action);
}
