import { Panel } from '../../components/panel.tsx';
import { Table, Td, Th, Tr } from '../../components/table.tsx';
import { useWords } from '../../lib/language.ts';
import { newWords } from '../../words/new.ts';
import { valueText, type Change } from './settings-document.ts';

/** Everything that a save would set. */
export function ReviewSection({ changes, isNew }: { changes: readonly Change[]; isNew: boolean }) {
  const words = useWords(newWords);
  return (
    <Panel title={words.sections.review}>
      {changes.length === 0 ? (
        <p className="text-mute">{isNew ? words.nothingSet : words.nothingChanged}</p>
      ) : (
        <Table
          label={words.sections.review}
          head={
            <>
              <Th>{words.setting}</Th>
              {!isNew && <Th>{words.before}</Th>}
              <Th>{isNew ? words.value : words.after}</Th>
            </>
          }
        >
          {changes.map(({ path, before, after }) => (
            <Tr key={path}>
              <Td className="py-1 align-top">
                <code>{path}</code>
              </Td>
              {!isNew && (
                <Td className="max-w-80 py-1 align-top break-words text-mute">
                  {valueText(before) ?? words.standardWord}
                </Td>
              )}
              <Td className="max-w-80 py-1 align-top break-words">{valueText(after) ?? words.standardWord}</Td>
            </Tr>
          ))}
        </Table>
      )}
    </Panel>
  );
}
