import type { AuditChange, AuditRow } from '@llamactl/client';
import { clockTime } from '../../../format/clock-time.ts';
import { recordedChange } from '../../../format/setting-changes.ts';
import { Moment } from '../../components/age.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { Drawer } from '../../components/dialog.tsx';
import { GridCell } from '../../components/grid.tsx';
import { Facts } from '../../components/panel.tsx';
import { VerdictMark } from '../../components/status.tsx';
import { callerText } from '../../lib/caller-text.ts';
import { useWords } from '../../lib/language.ts';
import { accessWords } from '../../words/access.ts';
import { actionText, personOf } from './action-text.ts';
import { auditTarget } from './audit-target.ts';

interface AuditRowProps {
  row: AuditRow;
  /** Names of keys by their ids. */
  keyNames: ReadonlyMap<string, string>;
}

/** The cells of one row on a wide screen. */
export function AuditCells({ row, keyNames }: AuditRowProps) {
  const { auditActions } = useWords(accessWords);
  const { timestamp, action, address, status } = row;
  const person = personOf(row);
  return (
    <>
      <GridCell className="figures">
        <Moment at={timestamp} />
      </GridCell>
      <GridCell tip={person}>{callerText(person)}</GridCell>
      <GridCell tip={action}>{actionText(action, auditActions)}</GridCell>
      <GridCell tip={row.target ?? undefined}>
        <Target {...{ row, keyNames }} />
      </GridCell>
      <GridCell>
        <ChangeLine row={row} />
      </GridCell>
      <GridCell tip={address} className="figures text-mute">
        {address}
      </GridCell>
      <GridCell isNumber>
        <AnswerMark status={status} />
      </GridCell>
    </>
  );
}

/** A row in two lines, for a narrow screen. */
export function NarrowAudit({ row, keyNames }: AuditRowProps) {
  const { auditActions } = useWords(accessWords);
  return (
    <div role="gridcell" className="flex min-w-0 flex-col px-2">
      <span className="flex min-w-0 items-center gap-2">
        <span className="max-w-3/5 shrink-0 truncate font-strong">{actionText(row.action, auditActions)}</span>
        <span className="min-w-0 grow truncate">
          <Target {...{ row, keyNames }} />
        </span>
        <span className="flex shrink-0">
          <AnswerMark status={row.status} />
        </span>
      </span>
      <span className="figures truncate text-mute">
        <Moment at={row.timestamp} /> · {callerText(personOf(row))}
        {row.changes !== undefined && ' · '}
        <ChangeLine row={row} />
      </span>
    </div>
  );
}

/** Everything that a row says. */
export function AuditDetails({ row, keyNames, onClose }: AuditRowProps & { onClose: () => void }) {
  const words = useWords(accessWords);
  const { auditColumns: columns, auditActions } = words;
  return (
    <Drawer title={words.auditDetails} onClose={onClose}>
      <Facts
        facts={[
          [columns.time, clockTime(row.timestamp, null)],
          [columns.subject, personOf(row)],
          [
            columns.action,
            <span key="action">
              {actionText(row.action, auditActions)} <code className="text-mute">{row.action}</code>
            </span>,
          ],
          [columns.target, <Target key="target" {...{ row, keyNames }} />],
          [columns.address, row.address],
          [columns.status, <AnswerMark key="status" status={row.status} />],
          [
            words.auditRequest,
            <span key="request" className="-my-1 flex items-center gap-1">
              <code className="break-all">{row.request_id}</code>
              <CopyButton text={row.request_id} label={words.copyAuditRequest} />
            </span>,
          ],
        ]}
      />
      {row.changes !== undefined && <Changes changes={row.changes} more={row.more_changes ?? 0} />}
    </Drawer>
  );
}

/** The changes of a row: each path with its old and new value. */
function Changes({ changes, more }: { changes: readonly AuditChange[]; more: number }) {
  const words = useWords(accessWords);
  return (
    <section aria-label={words.auditChanges} className="mt-4">
      <h3 className="mb-1 text-mute">{words.auditChanges}</h3>
      <ul className="flex flex-col gap-1">
        {changes.map((change) => {
          const { name, values } = recordedChange(change, words.auditUnset);
          return (
            <li key={name} className="min-w-0 break-words">
              <code className="font-strong">{name}</code>{' '}
              {values === null ? (
                <span className="text-mute">{words.auditHidden}</span>
              ) : (
                <span className="figures">
                  <span className="text-mute">{values.from} →</span> {values.to}
                </span>
              )}
            </li>
          );
        })}
        {more > 0 && <li className="text-mute">{words.auditMore(more)}</li>}
      </ul>
    </section>
  );
}

/** The first change of a row, and how many more it has. */
function ChangeLine({ row: { changes: [change] = [], changes = [], more_changes: more = 0 } }: { row: AuditRow }) {
  const words = useWords(accessWords);
  if (change === undefined) return null;
  const { name, values } = recordedChange(change, words.auditUnset);
  const others = changes.length - 1 + more;
  return (
    <>
      {name.replace(/^options\./, '')}{' '}
      {values === null ? (
        <span className="text-mute">{words.auditHidden}</span>
      ) : (
        <span className="figures">
          <span className="text-mute">{values.from} →</span> {values.to}
        </span>
      )}
      {others > 0 && <span className="text-mute"> +{others}</span>}
    </>
  );
}

/** The target of a row: a key by its name and its id. */
function Target({ row, keyNames }: AuditRowProps) {
  const target = auditTarget(row, keyNames, useWords(accessWords).auditBatches);
  if (target === null) return <span className="text-mute">–</span>;
  return (
    <>
      {target.name}
      {target.id !== null && <span className="text-mute"> {target.id}</span>}
    </>
  );
}

/** The HTTP status of an answer with its verdict. */
function AnswerMark({ status }: { status: number }) {
  return <VerdictMark verdict={status < 400 ? 'ok' : status < 500 ? 'warn' : 'bad'}>{status}</VerdictMark>;
}
