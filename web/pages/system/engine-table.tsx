import type { Engine } from '@llamactl/client';
import { memoryText } from '../../lib/figures.ts';
import { VerdictMark } from '../../components/status.tsx';
import { Table, Td, Th, Tr } from '../../components/table.tsx';
import { useWords } from '../../lib/language.ts';
import { systemWords } from '../../words/system.ts';

/** The engines of this machine, with their versions and devices. */
export function EngineTable({ engines }: { engines: readonly Engine[] }) {
  const words = useWords(systemWords);
  const columns = words.engineColumns;
  return (
    <Table
      label={words.engines}
      head={
        <>
          <Th>{columns.engine}</Th>
          <Th>{columns.version}</Th>
          <Th>{columns.devices}</Th>
          <Th className="hidden wide:table-cell">{columns.program}</Th>
        </>
      }
    >
      {engines.map((engine) => (
        <EngineRow key={engine.id} engine={engine} />
      ))}
    </Table>
  );
}

function EngineRow({ engine: { id, version, program, problem, devices } }: { engine: Engine }) {
  const words = useWords(systemWords);
  return (
    <Tr>
      <Td>
        <VerdictMark verdict={problem === null ? 'ok' : 'off'}>{id}</VerdictMark>
      </Td>
      <Td className="figures">{version ?? <span className="text-mute">–</span>}</Td>
      <Td className="py-1.5">
        {devices === null ? (
          <span className="text-mute">–</span>
        ) : devices.length === 0 ? (
          words.onlyCpu
        ) : (
          devices.map(({ name, description, memory_total: total }) => (
            <span key={name} className="block">
              {name}{' '}
              <span className="text-mute">{[description, total === null ? null : memoryText(total)].join(' · ')}</span>
            </span>
          ))
        )}
      </Td>
      <Td className="hidden max-w-96 wide:table-cell">
        {problem !== null && program === null ? (
          <span className="text-mute">{problem}</span>
        ) : (
          <>
            {program === null ? (
              <span className="text-mute">{words.ownCommand}</span>
            ) : (
              <code className="block truncate" title={program}>
                {program}
              </code>
            )}
            {problem !== null && <span className="text-bad">{problem}</span>}
          </>
        )}
      </Td>
    </Tr>
  );
}
