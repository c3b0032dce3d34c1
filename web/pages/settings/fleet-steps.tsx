import type { Applied } from '@llamactl/client';
import { VerdictMark, type Verdict } from '../../components/status.tsx';
import { Table, Td, Th, Tr } from '../../components/table.tsx';
import { useWords } from '../../lib/language.ts';
import { settingsWords } from '../../words/settings.ts';
import type { StepValue } from './step-values.ts';

/** The steps of a fleet file, and the values that they change. */
export interface Plan {
  results: Applied['results'];
  /** By the name of the instance. */
  values: ReadonlyMap<string, readonly StepValue[]>;
  /** Whether the steps were made. */
  isDone: boolean;
}

const VERDICTS: Readonly<Record<Applied['results'][number]['action'], Verdict>> = {
  create: 'ok',
  change: 'busy',
  restart: 'warn',
  remove: 'bad',
  nothing: 'off',
};

/** The steps that applying a file would make, or made. */
export function FleetSteps({ plan: { results, values, isDone } }: { plan: Plan }) {
  const words = useWords(settingsWords);
  const columns = words.stepColumns;
  const shown = results.filter(({ action, error }) => action !== 'nothing' || error !== undefined);
  if (shown.length === 0) return <p className="text-mute">{words.nothing}</p>;
  return (
    <Table
      label={words.steps}
      head={
        <>
          <Th>{columns.name}</Th>
          <Th>{columns.action}</Th>
          <Th>{columns.changes}</Th>
          <Th>{columns.note}</Th>
        </>
      }
    >
      {shown.map(({ name, action, changes, warnings = [], error }) => (
        <Tr key={name}>
          <Td className="font-strong">{name}</Td>
          <Td>
            {isDone && error !== undefined ? (
              <VerdictMark verdict="bad">{words.stepFailed}</VerdictMark>
            ) : (
              <VerdictMark verdict={isDone ? 'ok' : VERDICTS[action]}>
                {isDone ? words.done[action] : words.actions[action]}
              </VerdictMark>
            )}
          </Td>
          <Td>
            <Values of={values.get(name) ?? []} paths={changes} />
          </Td>
          <Td className={error === undefined ? 'text-mute' : 'text-bad'}>{error ?? warnings.join(' ')}</Td>
        </Tr>
      ))}
    </Table>
  );
}

/** The changed settings: with their values if there are old ones, else their names. */
function Values({ of: values, paths }: { of: readonly StepValue[]; paths: readonly string[] }) {
  const words = useWords(settingsWords);
  if (values.length === 0) return <code className="break-all">{paths.join(', ')}</code>;
  return (
    <ul>
      {values.map(({ path, before, after }) => (
        <li key={path} className="break-all">
          <code>{path}</code> <span className="text-mute">{before ?? words.from.default}</span> →{' '}
          <span>{after ?? words.from.default}</span>
        </li>
      ))}
    </ul>
  );
}
