import { useQuery } from '@tanstack/react-query';
import type { Model } from '@llamactl/client';
import { useId, useRef, useState, type KeyboardEvent } from 'react';
import { bytes, contextText } from '../../lib/figures.ts';
import { Badge } from '../../components/badge.tsx';
import { CONTROL, Field } from '../../components/field.tsx';
import { Icon } from '../../components/icons.tsx';
import { StatusShape } from '../../components/status.tsx';
import { useApp } from '../../lib/app.ts';
import { classNames } from '../../lib/class-names.ts';
import { fileName } from '../../lib/file-name.ts';
import { useWords } from '../../lib/language.ts';
import { modelsQuery } from '../../lib/queries.ts';
import { movedIndex } from '../../lib/rows.ts';
import { wordMatches } from '../../lib/word-match.ts';
import { newWords } from '../../words/new.ts';
import { useForm, useSetting } from './form.ts';

/** Most models that the list shows at once. */
const MOST = 30;

/** Finds a model of the library by its name, reference or quantisation. */
export function ModelPicker({ onPick }: { onPick: (model: Model, reference: string) => void }) {
  const words = useWords(newWords);
  const { client } = useApp();
  const { document } = useForm();
  const { value, problem } = useSetting('model');
  const file = useSetting('model_path');
  const query = useQuery(modelsQuery(client));
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  // `null`: the list is closed.
  const [search, setSearch] = useState<string | null>(null);
  const [at, setAt] = useState(0);
  const models = query.data?.models ?? [];
  const chosen = chosenOf(models, document);
  const found = search === null ? [] : wordMatches(models, searchText, search, MOST);
  const pick = (model: Model | undefined): void => {
    if (model === undefined) return;
    setSearch(null);
    onPick(model, referenceOf(model, models));
  };
  const pressed = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && search !== null) {
      event.stopPropagation();
      setSearch(null);
    } else if (event.key === 'Enter' && search !== null) {
      event.preventDefault();
      pick(found[at]);
    } else if (search === null && event.key === 'ArrowDown') {
      event.preventDefault();
      open();
    } else if (search !== null && event.key.length > 1 && event.key !== 'Home' && event.key !== 'End') {
      const next = movedIndex(event.key, at, found.length, 10);
      if (next === null) return;
      event.preventDefault();
      setAt(next);
    }
  };
  const open = (): void => {
    setSearch('');
    setAt(0);
  };
  const isOpen = search !== null;
  const given = typeof value === 'string' ? value : typeof file.value === 'string' ? file.value : '';
  return (
    <Field
      label={words.model}
      error={problem ?? file.problem ?? (query.isError ? words.noLibrary : null)}
      hint={chosen === undefined ? words.modelHint(models.length) : <ModelFacts model={chosen} />}
    >
      {(control) => (
        <div className="relative">
          <input
            {...control}
            ref={input}
            role="combobox"
            aria-expanded={isOpen}
            aria-controls={`${id}-list`}
            aria-activedescendant={isOpen && found.length > 0 ? `${id}-${at}` : undefined}
            autoComplete="off"
            spellCheck={false}
            placeholder={words.searchModel}
            value={search ?? chosen?.name ?? given}
            onFocus={({ target }) => target.select()}
            onClick={open}
            onBlur={() => setSearch(null)}
            onChange={({ target }) => {
              setSearch(target.value);
              setAt(0);
            }}
            onKeyDown={pressed}
            className={classNames(CONTROL, 'pr-8')}
          />
          <Icon name="chevron-down" className="pointer-events-none absolute top-2 right-2 text-mute" />
          <div
            role="listbox"
            id={`${id}-list`}
            aria-label={words.model}
            className={classNames(
              'popped absolute inset-x-0 top-full z-20 mt-1 max-h-80 overflow-y-auto rounded-panel border border-line bg-raised p-1 shadow-float',
              !isOpen && 'hidden',
            )}
          >
            {isOpen && found.length === 0 && (
              <div role="option" aria-selected={false} aria-disabled tabIndex={-1} className="px-3 py-4 text-mute">
                {query.isPending ? words.loading : models.length === 0 ? words.emptyLibrary : words.noModel}
              </div>
            )}
            {found.map((model, index) => (
              <div
                key={model.id}
                id={`${id}-${index}`}
                role="option"
                tabIndex={-1}
                aria-selected={index === at}
                onPointerDown={(event) => event.preventDefault()}
                onClick={() => pick(model)}
                onKeyDown={pressed}
                onPointerMove={() => setAt(index)}
                className={classNames(
                  'flex min-h-10 cursor-pointer flex-wrap items-center gap-x-2 rounded-control px-3 py-1 pointer-coarse:min-h-11',
                  index === at && 'bg-hover',
                )}
              >
                {model.problems.length > 0 && <StatusShape of="bad" label={words.modelProblem} />}
                <span className="min-w-0 grow truncate font-strong">{model.name}</span>
                <span className="figures flex items-center gap-2 text-mute">
                  {model.quantization !== null && <Badge>{model.quantization}</Badge>}
                  {bytes(model.size)}
                </span>
              </div>
            ))}
          </div>
        </div>
      )}
    </Field>
  );
}

/** The model of a document, if the library has it. */
export function chosenOf(models: readonly Model[], document: Readonly<Record<string, unknown>>): Model | undefined {
  const { model, model_path: file } = document;
  if (typeof model === 'string') return models.find(({ id, ref, name }) => [id, ref, name].includes(model));
  return typeof file === 'string' ? models.find(({ path }) => path === file) : undefined;
}

/** The shortest text that means only this model. */
function referenceOf({ ref, name, id }: Model, models: readonly Model[]): string {
  if (ref !== null) return ref;
  return models.filter((other) => other.name === name || other.ref === name).length === 1 ? name : id;
}

function searchText({ name, ref, quantization, architecture }: Model): string {
  return [name, ref, quantization, architecture].filter((part) => part !== null).join(' ');
}

function ModelFacts({ model }: { model: Model }) {
  const words = useWords(newWords);
  const { problems, quantization, size, context, path } = model;
  if (problems.length > 0) return <span className="text-bad">{problems.join(' ')}</span>;
  const facts = [
    quantization,
    bytes(size),
    context === null ? null : words.trainedFor(contextText(context)),
    fileName(path),
  ];
  return <span className="figures">{facts.filter((fact) => fact !== null).join(' · ')}</span>;
}
