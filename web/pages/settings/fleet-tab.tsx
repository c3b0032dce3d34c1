import { useMutation, useQuery } from '@tanstack/react-query';
import { LlamactlError, type Applied } from '@llamactl/client';
import { useCallback, useRef, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { CodeEditor } from '../../components/code-editor.tsx';
import { Checkbox } from '../../components/checkbox.tsx';
import { PageBody } from '../../components/page-header.tsx';
import { Panel } from '../../components/panel.tsx';
import { VerdictMark, type Verdict } from '../../components/status.tsx';
import { Table, Td, Th, Tr } from '../../components/table.tsx';
import { showError, showToast } from '../../components/toast.tsx';
import { useApp } from '../../lib/app.ts';
import { errorText } from '../../lib/error-text.ts';
import { useWords } from '../../lib/language.ts';
import { useIsOnline } from '../../lib/live/live-hooks.ts';
import { engineOptionsQuery } from '../../lib/queries.ts';
import { saveFile } from '../../lib/save-file.ts';
import { fleetKeys } from '../../lib/setting-keys.ts';
import { settingsWords } from '../../words/settings.ts';

/** All instances as a file: out of llamactl, and into it. */
export function FleetTab() {
  return (
    <PageBody>
      <div className="flex max-w-5xl flex-col gap-4 py-4">
        <ExportPanel />
        <ImportPanel />
      </div>
    </PageBody>
  );
}

function ExportPanel() {
  const words = useWords(settingsWords);
  const { client } = useApp();
  const download = useMutation({
    mutationFn: async () => saveFile('instances.yaml', await client.exportFleetYaml(), 'application/yaml'),
    onError: showError,
  });
  return (
    <Panel title={words.exportTitle}>
      <div className="flex flex-col items-start gap-3">
        <p className="text-mute">{words.exportText}</p>
        <Button icon="download" isPending={download.isPending} onClick={() => download.mutate()}>
          {words.exportButton}
        </Button>
      </div>
    </Panel>
  );
}

function ImportPanel() {
  const words = useWords(settingsWords);
  const { client } = useApp();
  const isOnline = useIsOnline();
  const chooser = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  const [prune, setPrune] = useState(false);
  const { data } = useQuery(engineOptionsQuery(client, 'llama_cpp'));
  const offer = useCallback((names: readonly string[]) => fleetKeys(names, data?.options ?? []), [data]);
  const plan = useMutation({ mutationFn: () => client.applyFleet(text, { prune, dry_run: true }) });
  const apply = useMutation({
    mutationFn: () => client.applyFleet(text, { prune }),
    onSuccess: () => {
      showToast({ kind: 'done', text: words.applied });
      plan.reset();
    },
  });
  const changed = (next: () => void): void => {
    next();
    plan.reset();
    apply.reset();
  };
  const error = plan.error ?? apply.error;
  const answer = apply.data ?? plan.data;
  const steps = plan.data?.results.filter(({ action }) => action !== 'nothing').length ?? 0;
  return (
    <Panel title={words.importTitle}>
      <div className="flex flex-col gap-4">
        <p className="text-mute">{words.importText}</p>
        <CodeEditor
          label={words.importLabel}
          language="yaml"
          rows={8}
          mostRows={28}
          value={text}
          error={error === null ? null : errorText(error).sentence}
          problems={error instanceof LlamactlError ? error.problems : NO_PROBLEMS}
          offer={offer}
          onChange={(next) => changed(() => setText(next))}
        />
        <Checkbox label={words.prune} checked={prune} onCheck={(isOn) => changed(() => setPrune(isOn))} />
        <div className="flex flex-wrap gap-2">
          <input
            ref={chooser}
            type="file"
            accept=".yaml,.yml,.json"
            hidden
            onChange={({ target }) => {
              const [file] = target.files ?? [];
              if (file !== undefined) void file.text().then((content) => changed(() => setText(content)));
              target.value = '';
            }}
          />
          <Button icon="upload" onClick={() => chooser.current?.click()}>
            {words.choose}
          </Button>
          <Button disabled={text.trim() === '' || !isOnline} isPending={plan.isPending} onClick={() => plan.mutate()}>
            {words.plan}
          </Button>
          {steps > 0 && apply.data === undefined && (
            <Button kind="primary" disabled={!isOnline} isPending={apply.isPending} onClick={() => apply.mutate()}>
              {words.apply(steps)}
            </Button>
          )}
        </div>
        {answer !== undefined && <Steps applied={answer} />}
      </div>
    </Panel>
  );
}

const NO_PROBLEMS: readonly never[] = [];

const VERDICTS: Readonly<Record<Applied['results'][number]['action'], Verdict>> = {
  create: 'ok',
  change: 'busy',
  restart: 'warn',
  remove: 'bad',
  nothing: 'off',
};

function Steps({ applied: { results } }: { applied: Applied }) {
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
            <VerdictMark verdict={VERDICTS[action]}>{words.actions[action]}</VerdictMark>
          </Td>
          <Td>
            <code className="break-all">{changes.join(', ')}</code>
          </Td>
          <Td className={error === undefined ? 'text-mute' : 'text-bad'}>{error ?? warnings.join(' ')}</Td>
        </Tr>
      ))}
    </Table>
  );
}
