import { StatusMark, VerdictMark } from '../../components/status.tsx';
import { useWords } from '../../lib/language.ts';
import type { Row } from '../../lib/live/row-store.ts';
import { instancesWords } from '../../words/instances.ts';
import { listedStatus } from './listed-status.ts';

/** The status of a row. An instance that cannot start stands out from those that are only stopped. */
export function RowStatus({ row, word }: { row: Row; word?: string }) {
  const words = useWords(instancesWords);
  if (listedStatus(row) === 'blocked') return <VerdictMark verdict="warn">{words.blocked}</VerdictMark>;
  return <StatusMark status={row.status} {...(word === undefined ? {} : { word })} />;
}
