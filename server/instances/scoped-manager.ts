import { ApiError } from '@llamactl/contract/errors';
import type { Batch, InstanceSummary, Status } from '@llamactl/contract/instance';
import { STARTED_BY_ALL, STOPPED_BY_ALL } from './fleet/batch.ts';
import { notFound } from './refusals.ts';
import { OutOfScope } from './slots/leases.ts';
import { HIDDEN_INSTANCE, type InstanceManager, type Written } from './use-cases.ts';

/** The instances that a caller may see, and whether the caller may start them. */
export interface InstanceScope {
  /** @param id Of an instance. */
  maySee(id: string): boolean;
  mayStart: boolean;
}

/** The manager as a caller of limited scope sees it: instances out of scope do not exist, and starts may be refused. */
export function scopedManager(manager: InstanceManager, scope: InstanceScope): InstanceManager {
  const sees = (nameOrAlias: string): boolean => {
    const id = manager.idOf(nameOrAlias);
    return id !== null && scope.maySee(id);
  };
  const seen = (nameOrAlias: string): string => {
    if (sees(nameOrAlias)) return nameOrAlias;
    throw notFound(nameOrAlias);
  };
  const refuseStart = (): void => {
    if (!scope.mayStart) throw new ApiError('FORBIDDEN', 'This key may not start instances (`may_start` is false).');
  };

  /** The instance as the caller sees it: without the names of others for which it waits. */
  const shown = <Shown extends InstanceSummary>(instance: Shown): Shown =>
    instance.waits_for.every(sees)
      ? instance
      : { ...instance, waits_for: instance.waits_for.map((name) => (sees(name) ? name : HIDDEN_INSTANCE)) };
  const written = (change: Written): Written => ({ ...change, instance: shown(change.instance) });

  /** Runs a batch. An instance out of scope gets the same answer as a missing one. */
  async function each(
    names: readonly string[] | undefined,
    statuses: readonly Status[],
    act: (names: readonly string[]) => Promise<Batch['results']>,
  ): Promise<Batch['results']> {
    const wanted = [...new Set(names ?? inStates(statuses))];
    const results = await act(wanted.filter(sees));
    const byName = new Map(results.map((result) => [result.name, result]));
    return wanted.map((name) => byName.get(name) ?? missing(name));
  }

  function inStates(statuses: readonly Status[]): string[] {
    return manager
      .list()
      .filter(({ name, status }) => statuses.includes(status) && sees(name))
      .map(({ name }) => name);
  }

  return {
    idOf: (nameOrAlias) => (sees(nameOrAlias) ? manager.idOf(nameOrAlias) : null),
    nameOf: (id) => (scope.maySee(id) ? manager.nameOf(id) : null),
    list: (status) =>
      manager
        .list(status)
        .filter(({ name }) => sees(name))
        .map(shown),
    get: (name) => shown(manager.get(seen(name))),
    entityTag: (name) => manager.entityTag(seen(name)),
    create: (body, by) => manager.create(body, by),
    previewCreate: (body) => manager.previewCreate(body),
    previewUpdate: async (name, patch, options) => {
      if (options.restart) refuseStart();
      return manager.previewUpdate(seen(name), patch, options);
    },
    update: async (name, patch, options) => {
      if (options.restart) refuseStart();
      return written(await manager.update(seen(name), patch, options));
    },
    rename: async (name, newName, by) => written(await manager.rename(seen(name), newName, by)),
    remove: async (name, options) => manager.remove(seen(name), options),
    start: async (name, options) => {
      seen(name);
      refuseStart();
      return manager.start(name, options);
    },
    stop: async (name, options) => manager.stop(seen(name), options),
    restart: async (name, options) => {
      seen(name);
      refuseStart();
      return manager.restart(name, options);
    },
    health: async (name) => manager.health(seen(name)),
    triedChanges: (name) => manager.triedChanges(seen(name)),
    startAll: async (names, by) => {
      refuseStart();
      return each(names, STARTED_BY_ALL, (those) => manager.startAll(those, by));
    },
    stopAll: (names, by) => each(names, STOPPED_BY_ALL, (those) => manager.stopAll(those, by)),
    restartAll: async (names, by) => {
      refuseStart();
      return each(names, [], (those) => manager.restartAll(those, by));
    },
    removeAll: (names, options) => each(names, [], (those) => manager.removeAll(those, options)),
    logs: async (name, query) => manager.logs(seen(name), query),
    followLogs: (name, query, signal) => manager.followLogs(seen(name), query, signal),
    liveRuns: () => manager.liveRuns().filter(({ name }) => sees(name)),
    acquire: async (request) => {
      // A second attempt may use the former name of its instance, so look at the instance's id first.
      const { instance: named, after } = request;
      if ((after === undefined || !scope.maySee(after.instance)) && !sees(named)) {
        if (manager.idOf(named) === null) throw notFound(named);
        const names = manager.list().flatMap(({ name }) => (sees(name) ? [name] : []));
        throw notFound(named, { cause: new OutOfScope(names) });
      }
      return manager.acquire({ ...request, mayStart: request.mayStart && scope.mayStart });
    },
  };
}

function missing(name: string): Batch['results'][number] {
  const { message: error, code } = notFound(name);
  return { name, status: null, error, code };
}
