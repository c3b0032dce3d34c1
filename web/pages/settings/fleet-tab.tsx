import { useMutation, useQuery } from '@tanstack/react-query';
import { LlamactlError } from '@llamactl/client';
import { useCallback, useRef, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { CodeEditor } from '../../components/code-editor.tsx';
import { Checkbox } from '../../components/checkbox.tsx';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { PageBody } from '../../components/page-header.tsx';
import { Panel } from '../../components/panel.tsx';
import { showError, showToast } from '../../components/toast.tsx';
import { ErrorSentence } from '../../components/server-sentence.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { useIsOnline } from '../../lib/live/live-hooks.ts';
import { engineOptionsQuery } from '../../lib/queries.ts';
import { saveFile } from '../../lib/save-file.ts';
import { fleetKeys } from '../../lib/setting-keys.ts';
import { settingsWords } from '../../words/settings.ts';
import { FleetSteps, type Plan } from './fleet-steps.tsx';

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
  const [isAsking, setAsking] = useState(false);
  const { data } = useQuery(engineOptionsQuery(client, 'llama_cpp'));
  const offer = useCallback((names: readonly string[]) => fleetKeys(names, data?.options ?? []), [data]);
  const plan = useMutation({
    mutationFn: async (): Promise<Plan> => {
      const [{ results }, present, { stepValues }] = await Promise.all([
        client.applyFleet(text, { prune, dry_run: true }),
        client.exportFleet(),
        import('./step-values.ts'),
      ]);
      return { results, values: stepValues(results, text, present), isDone: false };
    },
  });
  const apply = useMutation({
    mutationFn: async ({ values }: Plan): Promise<Plan> => {
      const { results } = await client.applyFleet(text, { prune });
      return { results, values, isDone: true };
    },
    onSuccess: () => {
      showToast({ kind: 'done', text: words.applied });
      plan.reset();
    },
    onSettled: () => setAsking(false),
  });
  const changed = (next: () => void): void => {
    next();
    plan.reset();
    apply.reset();
  };
  const error = plan.error ?? apply.error;
  const shown = apply.data ?? plan.data;
  const steps = plan.data?.results.filter(({ action }) => action !== 'nothing') ?? [];
  const removed = steps.filter(({ action }) => action === 'remove').map(({ name }) => name);
  const applyNow = (): void => {
    if (plan.data !== undefined) apply.mutate(plan.data);
  };
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
          error={error === null ? null : <ErrorSentence error={error} />}
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
        </div>
        {shown !== undefined && (
          <div ref={intoView}>
            <FleetSteps plan={shown} />
          </div>
        )}
        {steps.length > 0 && apply.data === undefined && (
          <Button
            kind={removed.length > 0 ? 'danger' : 'primary'}
            className="self-end"
            disabled={!isOnline}
            isPending={apply.isPending}
            onClick={() => (removed.length > 0 ? setAsking(true) : applyNow())}
          >
            {words.apply(steps.length)}
          </Button>
        )}
        {isAsking && (
          <ConfirmDialog
            title={words.removeTitle(removed.length)}
            confirm={words.apply(steps.length)}
            isDanger
            isPending={apply.isPending}
            onConfirm={applyNow}
            onClose={() => setAsking(false)}
          >
            <p>{words.removeText}</p>
            <p className="mt-2 font-strong break-words">{removed.join(', ')}</p>
          </ConfirmDialog>
        )}
      </div>
    </Panel>
  );
}

/** Brings the steps into view when they come: they stand below a long file. */
function intoView(steps: HTMLElement | null): void {
  steps?.scrollIntoView({ block: 'start' });
}

const NO_PROBLEMS: readonly never[] = [];
