import { useMutation } from '@tanstack/react-query';
import type { KeyCreated } from '@llamactl/client';
import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Checkbox } from '../../components/checkbox.tsx';
import { CodeBlock } from '../../components/code-block.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { Select } from '../../components/select.tsx';
import { useApp, useRole } from '../../lib/app.ts';
import { errorText } from '../../lib/error-text.ts';
import { useWords } from '../../lib/language.ts';
import { useRowNames } from '../../lib/live/live-hooks.ts';
import { includes } from '../../lib/permissions.ts';
import { accessWords } from '../../words/access.ts';
import { partsWords } from '../../words/parts.ts';
import {
  addressOf,
  ENDS,
  flawOf,
  keyBody,
  NEW_KEY,
  PURPOSES,
  snippetOf,
  withPurpose,
  type KeyDraft,
  type Purpose,
} from './purposes.ts';

const ROLES = ['viewer', 'operator', 'admin'] as const;

/** Makes a key: first the form, then the key with a text to paste. */
export function NewKey({ onClose }: { onClose: () => void }) {
  const { client, queries } = useApp();
  const [draft, setDraft] = useState<KeyDraft>(NEW_KEY);
  const make = useMutation({
    mutationFn: () => client.createKey(keyBody(draft, Date.now())),
    onSettled: () => void queries.invalidateQueries({ queryKey: ['keys'] }),
  });
  if (make.data !== undefined) return <MadeKey made={make.data} purpose={draft.purpose} onClose={onClose} />;
  return (
    <KeyForm
      draft={draft}
      onChange={setDraft}
      error={make.error}
      isPending={make.isPending}
      onMake={() => make.mutate()}
      onClose={onClose}
    />
  );
}

interface KeyFormProps {
  draft: KeyDraft;
  onChange: (draft: KeyDraft) => void;
  error: Error | null;
  isPending: boolean;
  onMake: () => void;
  onClose: () => void;
}

function KeyForm({ draft, onChange, error, isPending, onMake, onClose }: KeyFormProps) {
  const words = useWords(accessWords);
  const parts = useWords(partsWords);
  const role = useRole();
  const [isTried, setTried] = useState(false);
  const change = (changes: Partial<KeyDraft>): void => onChange({ ...draft, ...changes });
  const flaw = isTried ? flawOf(draft) : null;
  const submit = (): void => {
    setTried(true);
    if (flawOf(draft) === null) onMake();
  };
  return (
    <Dialog
      title={words.newKey}
      width={560}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{parts.cancel}</Button>
          <Button kind="primary" isPending={isPending} onClick={submit}>
            {words.makeKey}
          </Button>
        </>
      }
    >
      <form
        className="flex flex-col gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <TextField
          label={words.keyName}
          hint={words.keyNameHint}
          error={flaw === 'name' ? words.needsName : null}
          // oxlint-disable-next-line jsx-a11y/no-autofocus -- the dialog is this form
          autoFocus
          maxLength={200}
          value={draft.name}
          onChange={({ target }) => change({ name: target.value })}
        />
        <Group title={words.purpose}>
          <div className="overflow-x-auto">
            <Segmented
              label={words.purpose}
              value={draft.purpose}
              choices={PURPOSES.map((value) => ({ value, label: words.purposes[value] }))}
              onChoose={(purpose) => onChange(withPurpose(draft, purpose))}
            />
          </div>
        </Group>
        <Group title={words.may} error={flaw === 'right' ? words.needsRight : null}>
          <Checkbox label={words.mayCall} checked={draft.mayCall} onCheck={(mayCall) => change({ mayCall })} />
          <Checkbox
            label={words.mayStart}
            checked={draft.mayStart && draft.mayCall}
            disabled={!draft.mayCall}
            onCheck={(mayStart) => change({ mayStart })}
          />
          <Checkbox
            label={words.mayMetrics}
            checked={draft.mayReadMetrics}
            onCheck={(mayReadMetrics) => change({ mayReadMetrics })}
          />
        </Group>
        <Instances draft={draft} onChange={change} error={flaw === 'instance' ? words.needsInstance : null} />
        <div className="grid gap-5 wide:grid-cols-2">
          <Select
            label={words.mayRole}
            value={draft.role}
            choices={[
              { value: 'none', label: words.noRole },
              ...ROLES.filter((value) => includes(role, value)).map((value) => ({ value, label: words.roles[value] })),
            ]}
            onChoose={(value) => change({ role: value })}
          />
          <Select
            label={words.ends}
            value={draft.end}
            choices={ENDS.map((value) => ({ value, label: words.endChoices[value] }))}
            onChoose={(end) => change({ end })}
          />
        </div>
        {error !== null && (
          <p role="alert" className="text-bad">
            {errorText(error).sentence}
          </p>
        )}
        <button type="submit" hidden aria-hidden tabIndex={-1} />
      </form>
    </Dialog>
  );
}

function Group({ title, error, children }: { title: string; error?: string | null; children: React.ReactNode }) {
  return (
    <fieldset className="flex min-w-0 flex-col gap-1.5">
      <legend className="mb-1.5 font-strong">{title}</legend>
      {children}
      {error !== undefined && error !== null && <p className="text-bad">{error}</p>}
    </fieldset>
  );
}

interface InstancesProps {
  draft: KeyDraft;
  onChange: (changes: Partial<KeyDraft>) => void;
  error: string | null;
}

function Instances({ draft: { instances }, onChange, error }: InstancesProps) {
  const words = useWords(accessWords);
  const names = useRowNames() ?? [];
  return (
    <Group title={words.onlyInstances} error={error}>
      <div>
        <Segmented
          label={words.onlyInstances}
          value={instances === null ? 'all' : 'some'}
          choices={[
            { value: 'all', label: words.everyInstance },
            { value: 'some', label: words.someInstances },
          ]}
          onChoose={(value) => onChange({ instances: value === 'all' ? null : [] })}
        />
      </div>
      {instances !== null && (
        <div className="grid max-h-44 gap-1 overflow-y-auto rounded-control border border-line p-3 wide:grid-cols-2">
          {names.map((name) => (
            <Checkbox
              key={name}
              label={<span className="block truncate">{name}</span>}
              checked={instances.includes(name)}
              onCheck={(isOn) =>
                onChange({ instances: isOn ? [...instances, name] : instances.filter((each) => each !== name) })
              }
            />
          ))}
        </div>
      )}
    </Group>
  );
}

function MadeKey({ made, purpose, onClose }: { made: KeyCreated; purpose: Purpose; onClose: () => void }) {
  const words = useWords(accessWords);
  const page = location.href;
  return (
    <Dialog
      title={words.keyFor(made.info.name)}
      width={560}
      canClose={false}
      onClose={onClose}
      footer={
        <Button kind="primary" onClick={onClose}>
          {words.kept}
        </Button>
      }
    >
      <div className="flex flex-col gap-5">
        <div className="flex flex-col gap-2">
          <p className="font-strong text-warn">{words.shownOnce}</p>
          <div className="flex flex-wrap items-center gap-2 rounded-control border border-line bg-panel px-3 py-2">
            <code className="min-w-0 grow break-all">{made.key}</code>
            <CopyButton text={made.key} label={words.copyKey} hasWords />
          </div>
        </div>
        <section className="flex flex-col gap-2">
          <h3 className="font-strong">{words.howToUse}</h3>
          <p className="text-mute">{words.snippets[purpose]}</p>
          <CodeBlock
            label={words.howToUse}
            code={snippetOf(purpose, made.key, page)}
            wraps={purpose !== 'prometheus'}
          />
          {purpose !== 'prometheus' && (
            <p className="flex flex-wrap items-center gap-1 text-mute">
              {words.baseUrl} <code className="break-all">{addressOf(page, 'v1')}</code>
              <CopyButton text={addressOf(page, 'v1')} />
            </p>
          )}
        </section>
      </div>
    </Dialog>
  );
}
