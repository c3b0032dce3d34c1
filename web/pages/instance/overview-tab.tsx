import { useQuery } from '@tanstack/react-query';
import type { Instance } from '@llamactl/client';
import { contextText, duration } from '../../lib/figures.ts';
import { shellQuoted } from '../../../format/shell-words.ts';
import { Age, Moment } from '../../components/age.tsx';
import { Badge } from '../../components/badge.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { Facts, Panel } from '../../components/panel.tsx';
import { QueryPart } from '../../components/query-part.tsx';
import { PhraseSentence } from '../../components/server-sentence.tsx';
import { useApp } from '../../lib/app.ts';
import { isPinnedByGroup } from '../../lib/groups.ts';
import { useWords } from '../../lib/language.ts';
import { useGroups } from '../../lib/live/live-hooks.ts';
import type { Row } from '../../lib/live/row-store.ts';
import { instanceQuery } from '../../lib/queries.ts';
import { instanceWords } from '../../words/instance.ts';
import { InstanceCharts } from './instance-charts.tsx';
import { MemoryNeed } from './memory-need.tsx';
import { StartProgress } from './start-progress.tsx';

/** The start, facts, memory and charts of one instance. */
export function OverviewTab({ row }: { row: Row }) {
  const words = useWords(instanceWords).facts;
  const { client } = useApp();
  const query = useQuery(instanceQuery(client, row.name));
  return (
    <div className="flex flex-col gap-4">
      <StartProgress row={row} />
      <InstanceCharts name={row.name} />
      <div className="grid items-start gap-4 broad:grid-cols-2">
        <Panel title={words.title} className="broad:only:col-span-2">
          <QueryPart query={query}>{(instance) => <InstanceFacts instance={instance} row={row} />}</QueryPart>
        </Panel>
        <MemoryNeed row={row} />
      </div>
    </div>
  );
}

const NONE = <span className="text-mute">–</span>;

function InstanceFacts({ instance, row }: { instance: Instance; row: Row }) {
  const words = useWords(instanceWords).facts;
  const isGroupPinned = isPinnedByGroup(row, useGroups());
  const { model_info: model, model_path: file, effective_command: command, last_exit: last } = instance;
  const port = row.running_port ?? row.port;
  return (
    <Facts
      facts={[
        model === null && instance.model === undefined
          ? null
          : [
              words.model,
              <span key="model" className="inline-flex flex-wrap items-center gap-1.5">
                {model?.name ?? instance.model}
                {typeof model?.quantization === 'string' && <Badge>{model.quantization}</Badge>}
              </span>,
            ],
        file === undefined
          ? null
          : [
              words.file,
              <span key="file" className="-my-1 flex items-center gap-1">
                <code className="min-w-0 break-all">{file}</code>
                <CopyButton text={file} />
              </span>,
            ],
        [words.engine, instance.engine],
        instance.capabilities.length === 0 ? null : [words.capabilities, instance.capabilities.join(', ')],
        instance.context_size === null ? null : [words.context, words.tokens(contextText(instance.context_size))],
        instance.slots === null ? null : [words.slots, instance.slots],
        [words.requests, words.answering(row.in_flight, row.waiting)],
        [words.address, port],
        [words.pid, instance.pid ?? NONE],
        [words.ready, row.ready_at === null ? NONE : <Moment key="ready" at={row.ready_at} />],
        [
          words.lastLoad,
          row.last_load_seconds === null
            ? NONE
            : row.last_load_seconds < 1
              ? words.instantLoad
              : duration(row.last_load_seconds),
        ],
        [
          words.restarts,
          instance.max_restarts < 0
            ? words.unlimited(row.restart_count)
            : words.ofMost(row.restart_count, instance.max_restarts),
        ],
        [words.idleStop, instance.idle_timeout === 0 ? words.never : words.after(duration(instance.idle_timeout))],
        [
          words.group,
          instance.group === undefined && !instance.pinned ? (
            NONE
          ) : (
            <span key="group" className="inline-flex items-center gap-1.5">
              {instance.group}
              {instance.pinned && <Badge>{words.pinned}</Badge>}
              {isGroupPinned && <Badge>{words.pinnedByGroup}</Badge>}
            </span>
          ),
        ],
        instance.aliases.length === 0 ? null : [words.aliases, instance.aliases.join(', ')],
        [words.used, row.last_used_at === null ? NONE : <Age key="used" of={row.last_used_at} saysAgo />],
        last === null
          ? null
          : [
              words.lastExit,
              <span key="exit">
                <Moment at={last.at} /> · <PhraseSentence phrase={last.phrase} words={last.reason} />
              </span>,
            ],
        [
          words.command,
          <span key="command" className="-my-1 flex items-center gap-1">
            <code className="min-w-0 truncate">{command.map(shellQuoted).join(' ')}</code>
            <CopyButton text={command.map(shellQuoted).join(' ')} />
          </span>,
        ],
      ]}
    />
  );
}
