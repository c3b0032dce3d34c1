import { useQuery } from '@tanstack/react-query';
import type { JsonValue } from '@llamactl/client';
import { useCallback, useDeferredValue, useMemo, useRef, useState } from 'react';
import { CONTROL } from '../../components/field.tsx';
import { Icon } from '../../components/icons.tsx';
import { Panel } from '../../components/panel.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { ErrorSentence } from '../../components/server-sentence.tsx';
import { SkeletonRows } from '../../components/skeleton.tsx';
import { useApp } from '../../lib/app.ts';
import { classNames } from '../../lib/class-names.ts';
import { useWords } from '../../lib/language.ts';
import { useShortcuts } from '../../lib/shortcuts.ts';
import { engineOptionsQuery } from '../../lib/queries.ts';
import { isRecord } from '../../lib/record.ts';
import { newWords } from '../../words/new.ts';
import { FieldPlace } from './field-place.tsx';
import { useForm } from './form.ts';
import { optionEntries, OPTION_VIEWS, shownOptions, type OptionView } from './option-list.ts';
import { OptionRow } from './option-row.tsx';
import { FreeOption } from './free-option.tsx';
import { engineOf, isSame, valueAt } from './settings-document.ts';
import { problemAt } from './use-preview.ts';

/** The engine's own options: those of its help, and any other by key and value. */
export function OptionsSection() {
  const words = useWords(newWords);
  const { client } = useApp();
  const { document, base, problems, field: wantedField, dispatch } = useForm();
  const query = useQuery(engineOptionsQuery(client, engineOf(document)));
  const [view, setView] = useState<OptionView>('basic');
  const [search, setSearch] = useState('');
  const wanted = useDeferredValue(search);
  const field = useRef<HTMLInputElement>(null);
  useShortcuts(words.sections.options, [
    { keys: '/', label: words.searchOptions(null), run: () => field.current?.select() },
  ]);
  const set = isRecord(document['options']) ? document['options'] : NONE;
  const stored = isRecord(base['options']) ? base['options'] : NONE;
  const options = query.data?.options ?? NO_OPTIONS;
  const keys = Object.keys({ ...stored, ...set }).join('\n');
  // Only which options are set decides what the list shows, not their values: it does not jump while a person types.
  const shown = useMemo(() => {
    const given = Object.fromEntries(keys.split('\n').flatMap((key) => (key === '' ? [] : [[key, true]])));
    // The option of a link is shown too.
    const named = wantedField?.startsWith('options.') === true ? [wantedField.slice('options.'.length)] : [];
    return shownOptions(optionEntries(options, given), view, wanted, new Set([...Object.keys(given), ...named]));
  }, [options, keys, view, wanted, wantedField]);
  const change = useCallback(
    (key: string, value: JsonValue | undefined) => dispatch({ kind: 'set', path: `options.${key}`, value }),
    [dispatch],
  );
  const groups = Map.groupBy(shown, ({ option }) => (view === 'all' && wanted === '' ? (option?.group ?? '') : ''));
  return (
    <Panel
      title={words.sections.options}
      actions={
        <Segmented
          label={words.optionView}
          value={view}
          choices={OPTION_VIEWS.map((each) => ({ value: each, label: words.optionViews[each] }))}
          onChoose={(next) => {
            setView(next);
            setSearch('');
          }}
        />
      }
    >
      <div className="relative mb-2 flex items-center">
        <Icon name="search" className="pointer-events-none absolute left-2 text-mute" />
        <input
          ref={field}
          type="search"
          aria-label={words.searchOptions(options.length)}
          placeholder={words.searchOptions(options.length)}
          value={search}
          spellCheck={false}
          onChange={({ target }) => setSearch(target.value)}
          className={classNames(CONTROL, 'pl-8')}
        />
      </div>
      {query.isPending && <SkeletonRows />}
      {query.data !== undefined && query.data.problem !== null && (
        <p className="my-2 text-mute">{words.noOptionList(query.data.problem)}</p>
      )}
      {query.isError && (
        <p className="my-2 text-bad">
          <ErrorSentence error={query.error} />
        </p>
      )}
      {[...groups].map(([group, entries]) => (
        <div key={group}>
          {group !== '' && <h3 className="mt-4 mb-1 text-label text-mute uppercase">{group}</h3>}
          <div className="divide-y divide-line">
            {entries.map(({ key, option }) => (
              <FieldPlace key={key} paths={[`options.${key}`]}>
                <OptionRow
                  optionKey={key}
                  option={option}
                  value={set[key]}
                  isChanged={!isSame(set[key], valueAt(base, `options.${key}`))}
                  problem={problemAt(problems, `options.${key}`)}
                  onChange={change}
                />
              </FieldPlace>
            ))}
          </div>
        </div>
      ))}
      {shown.length === 0 && !query.isPending && (
        <p className="py-4 text-center text-mute">{wanted === '' ? words.noneChanged : words.noOption(wanted)}</p>
      )}
      <FreeOption taken={set} onAdd={change} />
    </Panel>
  );
}

const NONE: Readonly<Record<string, JsonValue>> = {};
const NO_OPTIONS: readonly never[] = [];
