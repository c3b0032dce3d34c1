import type { Options } from '@llamactl/client';
import { useBlocker, useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from 'react';
import { Banner } from '../../components/banner.tsx';
import { Button } from '../../components/button.tsx';
import { laterPart } from '../../components/later-part.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { SkeletonRows } from '../../components/skeleton.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { useMedia } from '../../lib/media.ts';
import { dottedPath } from '../../lib/problems.ts';
import { newWords } from '../../words/new.ts';
import { partsWords } from '../../words/parts.ts';
import { BehaviourSection } from './behaviour-section.tsx';
import { CommandTab } from './command-tab.tsx';
import { ConflictDialog } from './conflict-dialog.tsx';
import { editDraftName, isDirty, type Draft } from './draft.ts';
import { FormContext, type Form } from './form.ts';
import { LeaveDialog } from './leave-dialog.tsx';
import { MeaningBar, MeaningColumn } from './meaning.tsx';
import { ModelSection } from './model-section.tsx';
import { FORM_TABS, type FormTab } from './new-search.ts';
import { OptionsSection } from './options-section.tsx';
import { ReviewSection } from './review-section.tsx';
import { changesBetween } from './settings-document.ts';
import { placedWarnings } from './warning-place.ts';
import { storedSettings, type Stored } from './stored-settings.ts';
import { NO_TEXTS, TextsContext, unreadOf, withoutUnread } from './unread.ts';
import { useDraft } from './use-draft.ts';
import { usePreview } from './use-preview.ts';
import { useSave } from './use-save.ts';

export interface EditorProps {
  /** The instance; `null`: a new one. */
  name: string | null;
  /** The draft is kept under this name. */
  draftName: string;
  initial: Draft;
  /** The settings that are stored now; `null`: the instance is new. */
  newest: Stored | null;
  tab: FormTab;
  /** The setting whose field is brought into view, dotted. */
  field: string | undefined;
}

/** The width from which the column with the meaning stands beside the form; `broad:` of the styles is the same. */
const BROAD = '(min-width: 75rem)';

const DocumentTab = lazy(laterPart(async () => (await import('./document-tab.tsx')).default));

/** The settings of an instance as a form, a command or a document, and what they mean. */
export function Editor({ name, draftName, initial, newest, tab, field }: EditorProps) {
  const words = useWords(newWords);
  const { client } = useApp();
  const parts = useWords(partsWords);
  const navigate = useNavigate();
  const isBroad = useMedia(BROAD);
  const { draft, dispatch, wasKept, forget, moveTo } = useDraft(draftName, initial);
  const [saysKept, setSaysKept] = useState(wasKept);
  const [texts, setTexts] = useState(NO_TEXTS);
  const typed = useMemo(() => ({ texts, setTexts }), [texts]);
  const unread = unreadOf(texts);
  const preview = usePreview(name, draft);
  const isLeaving = useRef(false);
  const { save, isPending, error, conflict, setConflict } = useSave({
    name,
    draft,
    onSaved: (saved) => {
      isLeaving.current = true;
      forget();
      void navigate({ to: '/instances/$name', params: { name: saved } });
    },
  });
  const dirty = isDirty(draft);
  const isElsewhere = newest !== null && newest.etag !== draft.etag;
  useEffect(() => {
    if (!dirty && isElsewhere) dispatch({ kind: 'rebase', draft: ofStored(newest) });
  }, [dirty, isElsewhere, newest, dispatch]);
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => dirty && !isLeaving.current && current.pathname !== next.pathname,
    enableBeforeUnload: () => dirty && !isLeaving.current,
    withResolver: true,
  });
  const problems = error.problems.length > 0 ? error.problems : preview.problems;
  // Unsaved changes go on under the new name. The settings of another window would be taken for those of this one.
  const canRename = name !== null && !(dirty && isElsewhere);
  const onRenamed = useMemo(
    () =>
      !canRename
        ? null
        : async (renamed: string) => {
            const stored = await storedSettings(client, renamed);
            isLeaving.current = true;
            moveTo(editDraftName(renamed), {
              base: stored.document,
              etag: stored.etag,
              document: { ...draft.document, name: renamed },
            });
            await navigate({ to: '/instances/$name/edit', params: { name: renamed }, replace: true });
          },
    [canRename, client, draft, moveTo, navigate],
  );
  const open = (next: FormTab): void => {
    const search = { tab: next === 'form' ? undefined : next };
    if (name === null) void navigate({ to: '/new', search: (before) => ({ ...before, ...search }), replace: true });
    else void navigate({ to: '/instances/$name/edit', params: { name }, search, replace: true });
  };
  const [asked, setAsked] = useState({ path: field, count: 0 });
  const { document } = draft;
  const warnings = preview.preview?.warnings;
  const form: Form = {
    name,
    document,
    base: draft.base,
    problems,
    warnings: useMemo(() => placedWarnings(warnings ?? [], document), [warnings, document]),
    field: asked.path,
    asked: asked.count,
    showField: (path) => {
      setAsked({ path: dottedPath(path), count: asked.count + 1 });
      if (tab !== 'form') open('form');
    },
    dispatch,
    onRenamed,
  };
  const cancel = (): void =>
    void (name === null ? navigate({ to: '/instances' }) : navigate({ to: '/instances/$name', params: { name } }));
  const meaning = {
    name,
    preview,
    problems,
    changes: changesBetween(draft.base, draft.document),
    error: error.cause,
    isPending,
    canSave: draft.document['name'] !== undefined && dirty && unread === null,
    unread,
    onDropUnread: () => setTexts(withoutUnread),
    onSave: save,
    onUse: (options: Options) =>
      dispatch({
        kind: 'merge',
        values: new Map(Object.entries(options).map(([key, value]) => [`options.${key}`, value])),
      }),
  };
  return (
    <FormContext value={form}>
      <TextsContext value={typed}>
        <PageHeader
          title={name === null ? words.newTitle : words.editTitle(name)}
          actions={
            <>
              <Segmented
                label={words.tabList}
                value={tab}
                choices={FORM_TABS.map((value) => ({ value, label: words.tabs[value] }))}
                onChoose={open}
              />
              <Button icon="cross" onClick={cancel}>
                {parts.cancel}
              </Button>
            </>
          }
        />
        {isElsewhere && dirty && (
          <Banner
            kind="warn"
            actions={
              <Button size="small" onClick={() => setConflict(newest)}>
                {words.compare}
              </Button>
            }
          >
            {words.changedElsewhere}
          </Banner>
        )}
        {saysKept && (
          <Banner
            kind="info"
            actions={
              <>
                <Button
                  size="small"
                  onClick={() => {
                    dispatch({ kind: 'rebase', draft: newest === null ? initial : ofStored(newest) });
                    setSaysKept(false);
                  }}
                >
                  {words.startOver}
                </Button>
                <Button size="small" kind="quiet" onClick={() => setSaysKept(false)}>
                  {words.goOn}
                </Button>
              </>
            }
          >
            {words.draftKept}
          </Banner>
        )}
        <div className="flex min-h-0 grow border-t border-line">
          <div className="min-h-0 min-w-0 grow overflow-y-auto px-4 py-4 wide:px-6">
            <div className="mx-auto flex max-w-4xl flex-col gap-4">
              {tab === 'form' && (
                <>
                  <ModelSection />
                  <OptionsSection />
                  <BehaviourSection />
                  <ReviewSection changes={meaning.changes} isNew={name === null} />
                </>
              )}
              {tab === 'command' && (
                <CommandTab command={preview.last?.effective_command ?? []} onUsed={() => open('form')} />
              )}
              {tab === 'yaml' && (
                <Suspense fallback={<SkeletonRows />}>
                  <DocumentTab />
                </Suspense>
              )}
            </div>
          </div>
          {isBroad && <MeaningColumn {...meaning} />}
        </div>
        {!isBroad && <MeaningBar {...meaning} />}
        {conflict !== null && (
          <ConflictDialog
            draft={draft}
            stored={conflict}
            onClose={() => setConflict(null)}
            onResolve={(document) => {
              dispatch({ kind: 'rebase', draft: { base: conflict.document, etag: conflict.etag, document } });
              setConflict(null);
            }}
          />
        )}
        {blocker.status === 'blocked' && (
          <LeaveDialog
            onStay={blocker.reset}
            onKeep={blocker.proceed}
            onDiscard={() => {
              isLeaving.current = true;
              forget();
              blocker.proceed();
            }}
          />
        )}
      </TextsContext>
    </FormContext>
  );
}

function ofStored({ document, etag }: Stored): Draft {
  return { base: document, etag, document };
}
