import { useState, type ReactNode } from 'react';
import { Icon } from '../../components/icons.tsx';
import { Prose } from '../../components/prose.tsx';
import { classNames } from '../../lib/class-names.ts';
import { useWords } from '../../lib/language.ts';
import { apiWords } from '../../words/api.ts';
import type { Content, Schema, Schemas } from './api-document.ts';
import { fieldsOf, kindOf, objectsIn, type Direction, type SchemaField } from './schema-tree.ts';

interface TreeProps {
  schemas: Schemas;
  direction: Direction;
}

/** A body in all its media types: those with the same schema are shown once. */
export function ContentView({ content, ...tree }: TreeProps & { content: Content }) {
  const words = useWords(apiWords);
  const forms = Map.groupBy(Object.entries(content), ([, { schema }]) => JSON.stringify(schema));
  return [...forms].map(([key, form]) => {
    const schema = form[0]?.[1].schema ?? {};
    return (
      <div key={key} className="mb-4 last:mb-0">
        <p className="mb-2 text-mute">
          <code>{form.map(([type]) => type).join(', ')}</code> · {kindOf(schema, tree.schemas, words.schema)}
        </p>
        <ObjectList objects={objectsIn(schema, tree.schemas)} {...tree} />
      </div>
    );
  });
}

/** The fields of each alternative. */
function ObjectList({ objects, ...tree }: TreeProps & { objects: readonly Schema[] }) {
  const words = useWords(apiWords);
  return objects.map((object, at) => (
    // oxlint-disable-next-line react/no-array-index-key -- alternatives keep their places
    <div key={at}>
      {at > 0 && <p className="py-1 text-label text-mute">{words.alternative}</p>}
      <FieldList object={object} {...tree} />
    </div>
  ));
}

function FieldList({ object, schemas, direction }: TreeProps & { object: Schema }) {
  const words = useWords(apiWords);
  const fields = fieldsOf(object, schemas, words.schema);
  if (fields.length === 0) return <p className="text-mute">{words.noFields}</p>;
  return (
    <ul className="rounded-control border border-line">
      {fields.map((field) => (
        <FieldRow
          key={field.name}
          field={field}
          isIndented={fields.some(({ inner }) => inner.length > 0)}
          schemas={schemas}
          direction={direction}
        />
      ))}
    </ul>
  );
}

/** A field. Its own fields show on demand, because schemas may contain themselves. */
function FieldRow({ field, isIndented, schemas, direction }: TreeProps & { field: SchemaField; isIndented: boolean }) {
  const [isOpen, setOpen] = useState(false);
  const { name, inner, isRequired } = field;
  return (
    <li className="border-b border-line last:border-0">
      <FieldLine
        {...field}
        isIndented={isIndented}
        remark={direction === 'sent' ? isRequired && 'required' : !isRequired && 'mayBeMissing'}
        heading={
          inner.length === 0 ? (
            <code className={classNames('font-strong break-all', isIndented && 'pl-5')}>{name}</code>
          ) : (
            <button
              type="button"
              aria-expanded={isOpen}
              onClick={() => setOpen(!isOpen)}
              className="-my-0.5 flex min-h-6 min-w-0 items-center gap-1 rounded-control text-left hover:text-accent pointer-coarse:min-h-11"
            >
              <Icon name={isOpen ? 'chevron-down' : 'chevron-right'} className="text-mute" />
              <code className="min-w-0 font-strong break-all">{name}</code>
            </button>
          )
        }
      />
      {isOpen && (
        <div className="ml-4 pr-2 pb-2 wide:ml-7">
          <ObjectList objects={inner} schemas={schemas} direction={direction} />
        </div>
      )}
    </li>
  );
}

interface FieldLineProps extends Pick<SchemaField, 'kind' | 'description' | 'remarks'> {
  heading: ReactNode;
  /** Whether names stand behind a column of arrows. */
  isIndented: boolean;
  /** The word behind the type; `false`: none. */
  remark: 'required' | 'mayBeMissing' | false;
  /** Where a parameter stands. */
  place?: string;
}

/** Name, type, description and bounds of a field or parameter. */
export function FieldLine({ heading, isIndented, kind, remark, place, description, remarks }: FieldLineProps) {
  const words = useWords(apiWords);
  return (
    <div className="grid gap-x-4 px-3 py-1.5 wide:grid-cols-[minmax(10rem,16rem)_minmax(0,1fr)]">
      <div className="min-w-0">{heading}</div>
      <div className={classNames('min-w-0 wide:pl-0', isIndented && 'pl-5')}>
        <p className="break-words">
          <span className="text-mute">{kind}</span>
          {place !== undefined && <span className="text-mute"> · {place}</span>}
          {remark !== false && (
            <span
              className={classNames('ml-2 text-label', remark === 'required' ? 'font-strong text-warn' : 'text-mute')}
            >
              {words[remark]}
            </span>
          )}
        </p>
        {description !== null && (
          <p className="max-w-prose break-words">
            <Prose text={description} />
          </p>
        )}
        {remarks.length > 0 && (
          <p className="break-words text-mute">
            <Prose text={remarks.join('; ')} />
          </p>
        )}
      </div>
    </div>
  );
}
