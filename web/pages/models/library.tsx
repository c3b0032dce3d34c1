import type { UseQueryResult } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { Model, ModelList } from '@llamactl/client';
import { useDeferredValue, useMemo, useRef, useState } from 'react';
import { bytes, contextText, parametersText } from '../../lib/figures.ts';
import { Button } from '../../components/button.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { TextField } from '../../components/field.tsx';
import { Grid, GridCell, type GridColumn } from '../../components/grid.tsx';
import { QueryPart } from '../../components/query-part.tsx';
import { StatusShape } from '../../components/status.tsx';
import { useMay } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { useMedia, WIDE } from '../../lib/media.ts';
import { useShortcuts } from '../../lib/shortcuts.ts';
import { modelsWords } from '../../words/models.ts';
import { ModelDrawer } from './model-drawer.tsx';
import { filteredModels, sortedModels } from './model-order.ts';
import { SORTED_BY, type ModelsSearch } from './models-search.ts';

const COMPACT = 33;
const TWO_LINES = 60;

/** The models that the server has found. */
export function Library({ query, search }: { query: UseQueryResult<ModelList>; search: ModelsSearch }) {
  return <QueryPart query={query}>{({ models }) => <ModelGrid models={models} search={search} />}</QueryPart>;
}

function ModelGrid({ models, search }: { models: readonly Model[]; search: ModelsSearch }) {
  const words = useWords(modelsWords);
  const navigate = useNavigate({ from: '/models' });
  const isWide = useMedia(WIDE);
  const field = useRef<HTMLInputElement>(null);
  const [current, setCurrent] = useState<string | null>(null);
  const { sort = 'name', order = 'up', q = '', open } = search;
  const sorted = useMemo(() => sortedModels(models, sort, order), [models, sort, order]);
  const wanted = useDeferredValue(q);
  const shown = useMemo(() => filteredModels(sorted, wanted), [sorted, wanted]);
  const byId = useMemo(() => new Map(shown.map((model) => [model.id, model])), [shown]);
  const opened = open === undefined ? undefined : models.find(({ id }) => id === open);
  const show = (id: string | undefined): void => void navigate({ search: { ...search, open: id }, replace: true });
  useShortcuts(words.list, [{ keys: '/', label: words.search, run: () => field.current?.select() }]);
  const columns = useColumns(isWide);
  if (models.length === 0) return <NoModels />;
  return (
    <>
      <div className="shrink-0 px-4 py-3 wide:px-6">
        <TextField
          ref={field}
          label={words.searchLabel}
          isLabelHidden
          type="search"
          placeholder={words.search}
          defaultValue={q}
          className="wide:max-w-xs"
          onChange={({ target }) =>
            void navigate({ search: { ...search, q: target.value === '' ? undefined : target.value }, replace: true })
          }
        />
      </div>
      <Grid
        label={words.list}
        columns={columns}
        ids={[...byId.keys()]}
        rowHeight={isWide ? COMPACT : TWO_LINES}
        isHeadless={!isWide}
        renderRow={(id) => {
          const model = byId.get(id);
          if (model === undefined) return null;
          return isWide ? <ModelCells model={model} /> : <NarrowModel model={model} />;
        }}
        current={current}
        onCurrent={setCurrent}
        onOpen={show}
        opensOnClick
        sort={{ by: sort, order }}
        onSort={(by) => {
          const column = SORTED_BY.find((each) => each === by);
          const turns = column === sort && order === 'up';
          void navigate({ search: { ...search, sort: column, order: turns ? 'down' : undefined }, replace: true });
        }}
        empty={<EmptyState icon="search" title={words.noMatch} />}
      />
      {opened !== undefined && <ModelDrawer model={opened} onClose={() => show(undefined)} />}
    </>
  );
}

function NoModels() {
  const words = useWords(modelsWords);
  const mayGet = useMay('operator');
  const navigate = useNavigate({ from: '/models' });
  return (
    <EmptyState
      icon="models"
      title={words.none}
      action={
        mayGet && (
          <Button kind="primary" icon="download" onClick={() => void navigate({ search: { tab: 'get' } })}>
            {words.getOne}
          </Button>
        )
      }
    >
      {words.noneHint}
    </EmptyState>
  );
}

function useColumns(isWide: boolean): GridColumn[] {
  const { columns, title } = useWords(modelsWords);
  if (!isWide) return [{ id: 'model', title, width: 'minmax(0, 1fr)' }];
  const number = { isNumber: true, isSortable: true };
  return [
    { id: 'name', title: columns.name, width: 'minmax(220px, 3fr)', isSortable: true },
    { id: 'parameters', title: columns.parameters, width: '96px', ...number },
    { id: 'quant', title: columns.quant, width: '112px', isSortable: true },
    { id: 'context', title: columns.context, width: '84px', ...number },
    { id: 'size', title: columns.size, width: '84px', ...number },
    { id: 'abilities', title: columns.abilities, width: 'minmax(140px, 1.5fr)' },
    { id: 'source', title: columns.source, width: 'minmax(120px, 1fr)', isSortable: true },
    { id: 'used', title: columns.used, width: 'minmax(120px, 1.5fr)', isSortable: true },
  ];
}

const NONE = <span className="text-mute">–</span>;

function ModelCells({ model }: { model: Model }) {
  const words = useWords(modelsWords);
  const { name, problems, quantization, context, size, capabilities, source, used_by: users } = model;
  return (
    <>
      <GridCell tip={problems.length > 0 ? problems.join(' ') : model.path} className="flex items-center gap-1.5">
        {problems.length > 0 && <StatusShape of="bad" label={words.problems} />}
        <span className="min-w-0 truncate font-strong">{name}</span>
      </GridCell>
      <GridCell isNumber>{model.parameters === null ? NONE : parametersText(model.parameters)}</GridCell>
      <GridCell>{quantization ?? NONE}</GridCell>
      <GridCell isNumber>{context === null ? NONE : contextText(context)}</GridCell>
      <GridCell isNumber>{bytes(size)}</GridCell>
      <GridCell className="text-mute">{capabilities.map((each) => words.abilities[each]).join(', ') || NONE}</GridCell>
      <GridCell className="text-mute">{words.sources[source]}</GridCell>
      <GridCell tip={users.join(', ')}>{users.length === 0 ? NONE : users.join(', ')}</GridCell>
    </>
  );
}

function NarrowModel({ model }: { model: Model }) {
  const words = useWords(modelsWords);
  const { name, problems, quantization, size, parameters } = model;
  const facts = [parameters === null ? null : parametersText(parameters), quantization, bytes(size)];
  return (
    <div role="gridcell" className="flex min-w-0 items-center gap-2 px-2">
      <div className="flex min-w-0 grow flex-col">
        <span className="flex min-w-0 items-center gap-2">
          {problems.length > 0 && <StatusShape of="bad" label={words.problems} />}
          <span className="min-w-0 truncate text-form font-strong">{name}</span>
        </span>
        <span className="figures truncate text-mute">{facts.filter((fact) => fact !== null).join(' · ')}</span>
      </div>
    </div>
  );
}
