import { useQuery } from '@tanstack/react-query';
import { useBlocker } from '@tanstack/react-router';
import { LlamactlError, type ConfigView } from '@llamactl/client';
import { useMemo, useState } from 'react';
import { Banner } from '../../components/banner.tsx';
import { Button } from '../../components/button.tsx';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { PageBody } from '../../components/page-header.tsx';
import { QueryPart } from '../../components/query-part.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { useIsOnline } from '../../lib/live/live-hooks.ts';
import { configQuery } from '../../lib/queries.ts';
import { useReload } from '../../lib/reload.ts';
import { settingsWords } from '../../words/settings.ts';
import { newGroups } from './group-settings.ts';
import { SaveBar } from './save-bar.tsx';
import { useSaveSettings } from './save-settings.ts';
import { SettingSections } from './setting-sections.tsx';
import {
  inOrder,
  settingsOf,
  settingsOfGroup,
  valueOfText,
  type Drafts,
  type Setting,
  type SettingChange,
} from './setting-fields.ts';

/** All settings of the configuration with their sources. */
export function ConfigurationTab() {
  const { client } = useApp();
  const view = useQuery(configQuery(client));
  // The texts are a help: the page works without them.
  const api = useQuery({
    queryKey: ['openapi'],
    queryFn: ({ signal }) => client.getOpenApi({ signal }),
    staleTime: Infinity,
  });
  return <QueryPart query={view}>{(config) => <Configuration view={config} api={api.data} />}</QueryPart>;
}

function Configuration({ view, api }: { view: ConfigView; api: unknown }) {
  const words = useWords(settingsWords);
  const [drafts, setDrafts] = useState<Drafts>(new Map());
  const sources = useMemo(() => ({ view, api, notes: words.notes }), [view, api, words]);
  const settings = useMemo(() => inOrder(settingsOf(sources, newGroups(drafts))), [sources, drafts]);
  const save = useSaveSettings(() => setDrafts(new Map()));
  const changes = changesOf(settings, drafts);
  const problems = save.error instanceof LlamactlError ? save.error.problems : [];
  const edit = (next: Drafts): void => {
    setDrafts(next);
    save.reset();
  };
  const change = (key: string, text: string | null | undefined): void => {
    const next = new Map(drafts);
    if (text === undefined) next.delete(key);
    else next.set(key, text);
    edit(next);
  };
  return (
    <>
      {view.problem !== undefined && (
        <Banner kind="bad">
          {words.problem} {view.problem}
        </Banner>
      )}
      {view.restart_required && drafts.size === 0 && <PendingBanner view={view} />}
      <PageBody>
        <p className="pt-3 break-words text-mute">{view.file === null ? words.noFile : words.file(view.file)}</p>
        <SettingSections
          settings={settings}
          groupFields={settingsOfGroup('', sources)}
          drafts={drafts}
          problems={problems}
          onChange={change}
          onEdit={edit}
        />
      </PageBody>
      {drafts.size > 0 && (
        <SaveBar
          settings={settings}
          drafts={drafts}
          error={save.error}
          isPending={save.isPending}
          onDiscard={() => edit(new Map())}
          onSave={changes === null ? null : (reloads) => save.mutate({ changes, reloads })}
        />
      )}
      <AskBeforeLeaving isOn={drafts.size > 0} />
    </>
  );
}

/** The values to save; `null`: a text is no value. */
function changesOf(settings: readonly Setting[], drafts: Drafts): SettingChange[] | null {
  const changes: SettingChange[] = [];
  for (const { key, path, kind, limits } of settings) {
    const text = drafts.get(key);
    if (text === undefined) continue;
    const read = text === null ? { value: undefined } : valueOfText(text, kind, limits);
    if ('flaw' in read) return null;
    changes.push({ path, value: read.value });
  }
  return changes;
}

/** Saved values that do not count yet, and the reload that most of them wait for. */
function PendingBanner({ view: { pending, rules } }: { view: ConfigView }) {
  const words = useWords(settingsWords);
  const reload = useReload();
  const isOnline = useIsOnline();
  const keptByReload = pending.filter((key) => rules[key]?.effect === 'restart');
  const reloaded = pending.filter((key) => !keptByReload.includes(key));
  if (reloaded.length === 0) return <Banner kind="warn">{words.restartHint(keptByReload.join(', '))}</Banner>;
  return (
    <Banner
      kind="warn"
      actions={
        <Button
          size="small"
          icon="refresh"
          disabled={!isOnline}
          isPending={reload.isPending}
          onClick={() => reload.mutate()}
        >
          {words.reload}
        </Button>
      }
    >
      {words.reloadHint(reloaded.join(', '))}
      {keptByReload.length > 0 && ` ${words.restartHint(keptByReload.join(', '))}`}
    </Banner>
  );
}

function AskBeforeLeaving({ isOn }: { isOn: boolean }) {
  const words = useWords(settingsWords);
  const blocker = useBlocker({ shouldBlockFn: () => isOn, enableBeforeUnload: isOn, withResolver: true });
  if (blocker.status !== 'blocked') return null;
  return (
    <ConfirmDialog
      title={words.leaveTitle}
      confirm={words.leave}
      isDanger
      onConfirm={blocker.proceed}
      onClose={blocker.reset}
    >
      {words.leaveText}
    </ConfirmDialog>
  );
}
