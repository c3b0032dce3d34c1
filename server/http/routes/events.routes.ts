import type { AlertHistory, Events, PastEvent } from '@llamactl/contract/event-history';
import { OPERATIONS } from '@llamactl/contract/operations';
import type { Caller } from '../../auth/caller.ts';
import type { InstanceManager } from '../../instances/use-cases.ts';
import { seesCallers } from '../edge/gate.ts';
import type { Bind } from '../operations.ts';

/** Which entries of the history a caller wants, and may see. */
interface HistoryQuery {
  visible: ReadonlySet<string> | null;
  seesCallers: boolean;
  instance: { name: string; id: string | null } | null;
  before: number;
  limit: number;
}

/** Reads kept events. */
export interface EventHistoryView {
  events(query: HistoryQuery, type: PastEvent['type'] | null): Promise<Events>;
  alerts(query: HistoryQuery): Promise<AlertHistory>;
}

const DEFAULT_ENTRIES = 100;

/** Lists kept events, and the alerts among them. */
export function eventRoutes(bind: Bind, history: EventHistoryView): void {
  bind(OPERATIONS.listEvents, ({ caller, query, manager }) =>
    history.events(queryOf(caller, manager, query), query.type ?? null),
  );
  bind(OPERATIONS.getAlertHistory, ({ caller, query, manager }) => history.alerts(queryOf(caller, manager, query)));
}

function queryOf(
  caller: Caller,
  manager: Pick<InstanceManager, 'idOf'>,
  query: { instance?: string | undefined; before_seq?: number | undefined; limit?: number | undefined },
): HistoryQuery {
  const { instances } = caller;
  const { instance: name, before_seq: before = Number.MAX_SAFE_INTEGER, limit = DEFAULT_ENTRIES } = query;
  return {
    visible: instances,
    seesCallers: seesCallers(caller),
    instance: name === undefined ? null : { name, id: manager.idOf(name) },
    before,
    limit,
  };
}
