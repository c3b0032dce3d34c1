import { useQuery } from '@tanstack/react-query';
import type { Quant, QuantList } from '@llamactl/client';
import { bytes, memoryText } from '../../lib/figures.ts';
import { Badge } from '../../components/badge.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryPart } from '../../components/query-part.tsx';
import { VerdictMark } from '../../components/status.tsx';
import { Table, Td, Th, Tr } from '../../components/table.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { modelsWords } from '../../words/models.ts';
import { DownloadButton, FIT_VERDICTS } from './download-button.tsx';

/** The quants of a repository with their sizes and fits, before anything is downloaded. */
export function QuantPanel({ repo }: { repo: string }) {
  const { client } = useApp();
  const query = useQuery({
    queryKey: ['quants', repo],
    queryFn: ({ signal }) => client.listQuants(repo, { signal }),
    staleTime: 300_000,
  });
  return <QueryPart query={query}>{(list) => <Quants list={list} />}</QueryPart>;
}

function Quants({ list }: { list: QuantList }) {
  const words = useWords(modelsWords);
  const columns = words.quantColumns;
  const { repo, license, gated, folder, quants } = list;
  return (
    <Panel
      title={
        <span className="flex flex-wrap items-center gap-2">
          <span className="min-w-0 break-all">{repo}</span>
          {gated && <Badge colour="warn">{words.gated}</Badge>}
        </span>
      }
    >
      <Table
        label={words.choose}
        head={
          <>
            <Th>{columns.quant}</Th>
            <Th isNumber>{columns.size}</Th>
            <Th>{columns.fit}</Th>
            <Th isNumber className="hidden wide:table-cell">
              {columns.need}
            </Th>
            <Th isNumber>
              <span className="sr-only">{columns.action}</span>
            </Th>
          </>
        }
      >
        {quants.map((quant) => (
          <QuantRow key={quant.reference} quant={quant} />
        ))}
      </Table>
      <p className="mt-3 break-words text-mute">
        {words.into(folder)}
        {license !== null && ` · ${words.licence(license)}`}
      </p>
    </Panel>
  );
}

function QuantRow({ quant }: { quant: Quant }) {
  const words = useWords(modelsWords);
  const { reference, quantization, size, fits, memory_needed: need, chosen, companions } = quant;
  return (
    <Tr>
      <Td className="py-1.5">
        <span className="flex flex-wrap items-center gap-2">
          <span className="font-strong">{quantization ?? reference}</span>
          {chosen && <Badge colour="accent">{words.recommended}</Badge>}
          {companions.length > 0 && <span className="text-mute">{words.withCompanions(companions.length)}</span>}
        </span>
      </Td>
      <Td isNumber>{bytes(size)}</Td>
      <Td>
        <VerdictMark verdict={FIT_VERDICTS[fits]}>{words.fit[fits]}</VerdictMark>
      </Td>
      <Td isNumber className="hidden wide:table-cell">
        {memoryText(need)}
      </Td>
      <Td isNumber>
        <DownloadButton reference={reference}>{words.download}</DownloadButton>
      </Td>
    </Tr>
  );
}
