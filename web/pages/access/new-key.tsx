import { useMutation, useQuery } from '@tanstack/react-query';
import type { Role } from '@llamactl/client';
import { useId, useState } from 'react';
import { Checkbox } from '../../components/checkbox.tsx';
import { TextField } from '../../components/field.tsx';
import { FormDialog } from '../../components/form-dialog.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { Select } from '../../components/select.tsx';
import { useApp, useRole } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { includes } from '../../lib/permissions.ts';
import { usersQuery } from '../../lib/queries.ts';
import { useStored } from '../../lib/value-store.ts';
import { accessWords } from '../../words/access.ts';
import { InstanceChoice } from './instance-choice.tsx';
import { LimitFields } from './limit-fields.tsx';
import { MadeKey } from './made-key.tsx';
import {
  ENDS,
  flawOf,
  keyBody,
  mayCallModels,
  newKey,
  purposesOf,
  withOwner,
  withPurpose,
  type KeyDraft,
} from './purposes.ts';

const ROLES = ['viewer', 'operator', 'admin'] as const;

/** An account that a key can be for. */
interface Owner {
  username: string;
  role: Role;
}

/** Returns the user, and for admins all other accounts that can have keys. */
function useOwners(): readonly Owner[] {
  const { client, logIn } = useApp();
  const role = useRole();
  const state = useStored(logIn.state);
  const me = state.kind === 'in' ? (state.me.caller?.username ?? '') : '';
  const { data: users = [] } = useQuery({ ...usersQuery(client), enabled: role === 'admin' });
  const others = users.filter(({ username, disabled }) => username !== me && !disabled);
  return [{ username: me, role }, ...others];
}

/** Makes a key: first the form, then the key with a text to paste. @param owner Whose key to suggest; `null`: one's own. */
export function NewKey({ owner, onClose }: { owner: string | null; onClose: () => void }) {
  const { client, queries } = useApp();
  const [me, ...others] = useOwners();
  const suggested = others.find(({ username }) => username === owner);
  const [changed, setDraft] = useState<KeyDraft | null>(null);
  const draft = changed ?? newKey(suggested?.role ?? me?.role ?? 'viewer', suggested?.username ?? null);
  const make = useMutation({
    mutationFn: () => client.createKey(keyBody(draft, Date.now())),
    onSettled: () => void queries.invalidateQueries({ queryKey: ['keys'] }),
  });
  if (make.data !== undefined) return <MadeKey made={make.data} purpose={draft.purpose} onClose={onClose} />;
  return (
    <KeyForm
      draft={draft}
      owners={me === undefined ? [] : [me, ...others]}
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
  /** The user first. */
  owners: readonly Owner[];
  onChange: (draft: KeyDraft) => void;
  error: Error | null;
  isPending: boolean;
  onMake: () => void;
  onClose: () => void;
}

function KeyForm({ draft, owners, onChange, error, isPending, onMake, onClose }: KeyFormProps) {
  const words = useWords(accessWords);
  const role = owners.find(({ username }) => username === draft.owner)?.role ?? owners[0]?.role ?? 'viewer';
  const [isTried, setTried] = useState(false);
  const change = (changes: Partial<KeyDraft>): void => onChange({ ...draft, ...changes });
  const flaw = isTried ? flawOf(draft) : null;
  const submit = (): void => {
    setTried(true);
    if (flawOf(draft) === null) onMake();
  };
  return (
    <FormDialog
      title={words.newKey}
      submit={words.makeKey}
      width={560}
      isPending={isPending}
      error={error}
      onSubmit={submit}
      onClose={onClose}
    >
      <TextField
        label={words.keyName}
        hint={words.keyNameHint}
        error={flaw === 'name' ? words.needsName : null}
        maxLength={200}
        value={draft.name}
        onChange={({ target }) => change({ name: target.value })}
      />
      {owners.length > 1 && (
        <Select
          label={words.keyOwner}
          hint={words.keyOwnerHint}
          value={draft.owner ?? owners[0]?.username ?? ''}
          choices={owners.map((each) => ({
            value: each.username,
            label: `${each.username} · ${words.roles[each.role]}`,
          }))}
          onChoose={(username) => {
            const [me] = owners;
            const chosen = owners.find((each) => each.username === username);
            if (chosen !== undefined) onChange(withOwner(draft, chosen === me ? null : username, chosen.role));
          }}
        />
      )}
      <Group title={words.purpose}>
        <div className="overflow-x-auto">
          <Segmented
            label={words.purpose}
            value={draft.purpose}
            choices={purposesOf(role).map((value) => ({ value, label: words.purposes[value] }))}
            onChoose={(purpose) => onChange(withPurpose(draft, purpose, role))}
          />
        </div>
      </Group>
      <Group title={words.may} error={flaw === 'right' ? words.needsRight : null}>
        {mayCallModels(role) ? (
          <>
            <Checkbox label={words.mayCall} checked={draft.mayCall} onCheck={(mayCall) => change({ mayCall })} />
            <Checkbox
              label={words.mayStart}
              checked={draft.mayStart && draft.mayCall}
              disabled={!draft.mayCall}
              onCheck={(mayStart) => change({ mayStart })}
            />
          </>
        ) : (
          <p className="text-mute">{words.mayNotCall}</p>
        )}
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
      {mayCallModels(role) && <LimitFields limits={draft.limits} onChange={(limits) => change({ limits })} />}
    </FormDialog>
  );
}

function Group({ title, error, children }: { title: string; error?: string | null; children: React.ReactNode }) {
  const id = useId();
  const isBad = error !== undefined && error !== null;
  return (
    <fieldset
      data-mistake={isBad || undefined}
      aria-describedby={isBad ? id : undefined}
      className="flex min-w-0 flex-col gap-1.5"
    >
      <legend className="mb-1.5 font-strong">{title}</legend>
      {children}
      {isBad && (
        <p id={id} className="text-bad">
          {error}
        </p>
      )}
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
        <InstanceChoice chosen={instances} onChange={(chosen) => onChange({ instances: chosen })} />
      )}
    </Group>
  );
}
