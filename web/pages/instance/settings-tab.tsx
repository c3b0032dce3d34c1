import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { Instance } from '@llamactl/client';
import type { ReactNode } from 'react';
import { shellQuoted } from '../../../format/shell-words.ts';
import { Button } from '../../components/button.tsx';
import { CodeBlock } from '../../components/code-block.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryPart } from '../../components/query-part.tsx';
import { VerdictMark } from '../../components/status.tsx';
import { Table, Td, Th, Tr } from '../../components/table.tsx';
import { useApp, useMay } from '../../lib/app.ts';
import { useInstanceActions } from '../../lib/instance-actions.ts';
import { useWords } from '../../lib/language.ts';
import { useIsOnline } from '../../lib/live/live-hooks.ts';
import { configQuery, engineOptionsQuery, instanceQuery } from '../../lib/queries.ts';
import { commandsWords } from '../../words/commands.ts';
import { instanceWords } from '../../words/instance.ts';
import { behaviourSettings, optionSettings, servingSettings, type Setting } from './setting-list.ts';

/** All settings of one instance with their sources, and the command that they lead to. */
export function SettingsTab({ name }: { name: string }) {
  const { client } = useApp();
  const query = useQuery(instanceQuery(client, name));
  return <QueryPart query={query}>{(instance) => <Settings instance={instance} />}</QueryPart>;
}

function Settings({ instance }: { instance: Instance }) {
  const words = useWords(instanceWords).settings;
  const commands = useWords(commandsWords);
  const navigate = useNavigate();
  const { client } = useApp();
  const isAdmin = useMay('admin');
  const { name, engine, restart_required: isPending } = instance;
  const known = useQuery({ ...engineOptionsQuery(client, engine), enabled: engine === 'llama_cpp' });
  const config = useQuery({ ...configQuery(client), enabled: isAdmin });
  const options = optionSettings(instance, known.data?.options ?? []);
  const environment = Object.entries(instance.environment);
  return (
    <div className="flex flex-col gap-4">
      {isPending && <PendingNote name={name} />}
      <Panel
        title={words.command}
        actions={
          isAdmin && (
            <Button
              size="small"
              icon="edit"
              onClick={() => void navigate({ to: '/instances/$name/edit', params: { name } })}
            >
              {commands.edit}
            </Button>
          )
        }
      >
        <CodeBlock wraps label={words.command} code={instance.effective_command.map(shellQuoted).join(' ')} />
        <p className="mt-2 text-mute">{words.commandHint}</p>
      </Panel>
      <Section title={words.options} empty={words.noOptions} settings={options} />
      <Section title={words.behaviour} settings={behaviourSettings(instance, config.data?.config.instances ?? null)} />
      <Section title={words.serving} settings={servingSettings(instance)} />
      {environment.length > 0 && (
        <Section
          title={words.environment}
          settings={environment.map(([key, value]) => ({
            key,
            value,
            source: 'set',
            engineDefault: null,
            description: null,
          }))}
        />
      )}
      {instance.extra_args.length > 0 && (
        <Panel title={words.extra}>
          <CodeBlock wraps label={words.extra} code={instance.extra_args.map(shellQuoted).join(' ')} />
        </Panel>
      )}
    </div>
  );
}

function PendingNote({ name }: { name: string }) {
  const words = useWords(instanceWords).settings;
  const commands = useWords(commandsWords);
  const actions = useInstanceActions();
  const mayOperate = useMay('operator');
  const isOnline = useIsOnline();
  return (
    <div className="flex flex-wrap items-center gap-3 rounded-panel border border-warn bg-warn-soft px-4 py-2">
      <span className="min-w-0 grow">
        <VerdictMark verdict="warn">{words.pending}</VerdictMark>
      </span>
      {mayOperate && (
        <Button size="small" icon="restart" disabled={!isOnline} onClick={() => actions.restart(name)}>
          {commands.restart}
        </Button>
      )}
    </div>
  );
}

function Section({
  title,
  settings,
  empty,
}: {
  title: string;
  settings: readonly Setting[];
  /** Shown instead of an empty table. */
  empty?: string;
}) {
  const words = useWords(instanceWords).settings;
  return (
    <Panel title={title}>
      {settings.length === 0 ? (
        <p className="text-mute">{empty}</p>
      ) : (
        <Table
          label={title}
          head={
            <>
              <Th className="w-56">{words.name}</Th>
              <Th>{words.value}</Th>
              <Th className="w-64">{words.source}</Th>
            </>
          }
        >
          {settings.map((setting) => (
            <SettingRow key={setting.key} setting={setting} />
          ))}
        </Table>
      )}
    </Panel>
  );
}

function SettingRow({ setting: { key, value, source, engineDefault, description } }: { setting: Setting }) {
  const words = useWords(instanceWords).settings;
  const shown: ReactNode =
    value === null ? (
      <span className="text-mute">{words.none}</span>
    ) : value === 'true' ? (
      words.yes
    ) : value === 'false' ? (
      words.no
    ) : (
      <code className="break-all whitespace-pre-wrap">{value}</code>
    );
  const from = { set: words.isSet, default: words.isDefault, unknown: '–' }[source];
  return (
    <Tr>
      <Td className="py-1 align-top">
        <code>{key}</code>
      </Td>
      <Td className="py-1 align-top">
        {shown}
        {description !== null && <p className="max-w-prose text-mute">{description}</p>}
      </Td>
      <Td className="py-1 align-top text-mute">
        <span className={source === 'set' ? 'text-ink' : undefined}>{from}</span>
        {engineDefault !== null && <span> · {words.engineDefault(engineDefault)}</span>}
      </Td>
    </Tr>
  );
}
