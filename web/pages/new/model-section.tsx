import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { TextField } from '../../components/field.tsx';
import { Panel } from '../../components/panel.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { Select } from '../../components/select.tsx';
import { useApp } from '../../lib/app.ts';
import { instanceName } from '../../lib/instance-name.ts';
import { useWords } from '../../lib/language.ts';
import { useIsOnline, useRowNames } from '../../lib/live/live-hooks.ts';
import { enginesQuery } from '../../lib/queries.ts';
import { newWords } from '../../words/new.ts';
import { RenameDialog } from '../instance/rename-dialog.tsx';
import { CustomEngineFields } from './custom-engine-fields.tsx';
import { FieldPlace } from './field-place.tsx';
import { useForm, useSetting } from './form.ts';
import { ModelPicker } from './model-picker.tsx';
import { LineSetting } from './setting-fields.tsx';

/** Name, engine and model. */
export function ModelSection() {
  const words = useWords(newWords);
  const { name, document, field, dispatch } = useForm();
  const names = useRowNames() ?? [];
  const file = useSetting('model_path');
  const [source, setSource] = useState<'library' | 'path'>(
    // A remedy that leads to the model wants another one, which the library lists.
    field !== 'model' && document['model_path'] !== undefined && document['model'] === undefined ? 'path' : 'library',
  );
  // A name that was made of a model follows the next model.
  const [suggested, setSuggested] = useState<string | null>(null);
  const suggest = (model: string): void => {
    const current = document['name'];
    if (name !== null || (current !== undefined && current !== suggested)) return;
    const next = instanceName(model, names);
    setSuggested(next);
    dispatch({ kind: 'set', path: 'name', value: next });
  };
  return (
    <Panel
      title={words.sections.model}
      actions={
        <Segmented
          label={words.modelFrom}
          value={source}
          choices={[
            { value: 'library', label: words.fromLibrary },
            { value: 'path', label: words.fromPath },
          ]}
          onChoose={setSource}
        />
      }
    >
      <div className="grid items-start gap-4 wide:grid-cols-2">
        {name === null ? (
          <LineSetting
            path="name"
            label={words.name}
            hint={words.nameHint}
            placeholder="chat"
            // oxlint-disable-next-line jsx-a11y/no-autofocus -- the page was opened to fill this form
            autoFocus={field === undefined}
          />
        ) : (
          <KnownName name={name} />
        )}
        <FieldPlace paths={['engine']}>
          <EngineField />
        </FieldPlace>
        <CustomEngineFields />
        <FieldPlace paths={['model', 'model_path']} className="wide:col-span-2">
          {source === 'library' ? (
            <ModelPicker
              onPick={(model, reference) => {
                dispatch({
                  kind: 'merge',
                  values: new Map([
                    ['model', reference],
                    ['model_path', undefined],
                  ]),
                });
                suggest(model.name);
              }}
            />
          ) : (
            <TextField
              label={words.path}
              hint={words.pathHint}
              error={file.problem}
              warning={file.warning}
              isMono
              spellCheck={false}
              autoComplete="off"
              placeholder="/models/chat.gguf"
              value={typeof file.value === 'string' ? file.value : ''}
              onChange={({ target: { value } }) =>
                dispatch({
                  kind: 'merge',
                  values: new Map([
                    ['model_path', value === '' ? undefined : value],
                    ['model', undefined],
                  ]),
                })
              }
              onBlur={({ target: { value } }) => value !== '' && suggest(value)}
            />
          )}
        </FieldPlace>
      </div>
    </Panel>
  );
}

/** The name of an existing instance. A change of it is no change of a setting, so it is made at once. */
function KnownName({ name }: { name: string }) {
  const words = useWords(newWords);
  const { onRenamed } = useForm();
  const isOnline = useIsOnline();
  const [isRenaming, setRenaming] = useState(false);
  return (
    <FieldPlace paths={['name']} className="flex items-end gap-2">
      <TextField label={words.name} value={name} readOnly className="grow" />
      <Button icon="edit" disabled={!isOnline || onRenamed === null} onClick={() => setRenaming(true)}>
        {words.rename}
      </Button>
      {isRenaming && onRenamed !== null && (
        <RenameDialog name={name} onClose={() => setRenaming(false)} onRenamed={onRenamed} />
      )}
    </FieldPlace>
  );
}

function EngineField() {
  const words = useWords(newWords);
  const { client } = useApp();
  const { value, problem, set } = useSetting('engine');
  const { base } = useForm();
  const { data } = useQuery(enginesQuery(client));
  const current = typeof value === 'string' ? value : 'llama_cpp';
  const known = data ?? [];
  const ids = [...new Set([current, ...known.map(({ id }) => id), 'custom'])];
  const engine = known.find(({ id }) => id === current);
  return (
    <Select
      label={words.engine}
      hint={engine?.version ?? undefined}
      error={problem ?? engine?.problem ?? null}
      value={current}
      choices={ids.map((id) => ({ value: id, label: id }))}
      onChoose={(id) => set(id === 'llama_cpp' && base['engine'] === undefined ? undefined : id)}
    />
  );
}
