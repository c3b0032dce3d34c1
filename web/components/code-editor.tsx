import type { Problem } from '@llamactl/client';
import { useEffect, useLayoutEffect, useRef, useState, type ReactNode } from 'react';
import { classNames } from '../lib/class-names.ts';
import type * as FlawsModule from '../lib/document-flaws.ts';
import { useWords } from '../lib/language.ts';
import { problemText } from '../lib/problems.ts';
import { useServerWords } from '../lib/server-words.ts';
import { flawWords } from '../words/flaws.ts';
import { partsWords } from '../words/parts.ts';
import type * as SurfaceModule from './code-surface.ts';
import type { LineMark, OfferedKey, PlacedProblem, Surface, SurfaceParts } from './code-surface.ts';
import { CONTROL, Field } from './field.tsx';
import { Icon } from './icons.tsx';

export interface CodeEditorProps {
  label: string;
  isLabelHidden?: boolean;
  language: 'yaml' | 'json';
  value: string;
  onChange: (text: string) => void;
  hint?: ReactNode;
  /** Why the whole text is refused. It shows while no line is marked. */
  error?: ReactNode;
  /** Problems that the server found, which are marked at their lines. */
  problems?: readonly Problem[];
  /** Keys that may stand within these names; `[]` is an item of a list. */
  offer?: (names: readonly string[]) => readonly OfferedKey[];
  placeholder?: string;
  /** Lines that it has at least, and at most before it scrolls; default 3, and no limit. */
  rows?: number;
  mostRows?: number;
  className?: string;
}

/** Lines from which on the Tab key indents, and an editor always says what its keys do, not only while it has the focus. */
const LARGE = 4;
/** Marked lines that stand as text below the editor. */
const MOST_MARKS = 3;
/** Pixels of a line at the normal size of text, and of the edges above and below all lines. */
const LINE = 20;
const EDGES = 14;

const NO_PROBLEMS: readonly Problem[] = [];
const NO_KEYS: readonly OfferedKey[] = [];

/** The parts of an editor that come with the first one. */
interface EditorModules {
  makeSurface: (typeof SurfaceModule)['makeSurface'];
  flaws: Pick<typeof FlawsModule, 'yamlFlaws' | 'jsonFlaws'>;
}

/**
 * A field for YAML or JSON: colours, line numbers, marks at wrong lines, and completion of keys. It is a plain text area until
 * the editor has come, and stays one if it does not come.
 */
export function CodeEditor(props: CodeEditorProps) {
  const modules = useEditorModules();
  // The place of the cursor in the text area, if the user is typing there when the editor comes.
  const typedAt = useRef<{ anchor: number; head: number } | null>(null);
  if (modules !== null) return <LoadedEditor {...props} modules={modules} begin={typedAt.current} />;
  const {
    label,
    isLabelHidden = false,
    hint,
    error,
    value,
    onChange,
    placeholder,
    rows = 3,
    mostRows,
    className,
  } = props;
  const most = mostRows ?? Infinity;
  return (
    <Field {...{ label, isLabelHidden, hint, error }} className={className ?? ''}>
      {(control) => (
        <textarea
          {...control}
          rows={rows}
          spellCheck={false}
          placeholder={placeholder}
          value={value}
          style={{ maxHeight: heightOf(most) }}
          onChange={({ target }) => {
            typedAt.current = placeIn(target);
            onChange(target.value);
          }}
          onFocus={({ currentTarget }) => (typedAt.current = placeIn(currentTarget))}
          onSelect={({ currentTarget }) => (typedAt.current = placeIn(currentTarget))}
          onBlur={() => (typedAt.current = null)}
          className={classNames(CONTROL, 'field-sizing-content h-auto min-h-16 py-1.5 font-mono')}
        />
      )}
    </Field>
  );
}

function placeIn({ selectionStart, selectionEnd }: HTMLTextAreaElement): { anchor: number; head: number } {
  return { anchor: selectionStart, head: selectionEnd };
}

function heightOf(rows: number): string | undefined {
  return Number.isFinite(rows) ? `${(rows * LINE + EDGES) / 16}rem` : undefined;
}

/** Loads the editor; `null`: it has not come, or does not come. */
function useEditorModules(): EditorModules | null {
  const [modules, setModules] = useState<EditorModules | null>(null);
  useEffect(() => {
    let isWanted = true;
    void loadedModules().then((loaded) => {
      if (isWanted) setModules(loaded);
    });
    return () => {
      isWanted = false;
    };
  }, []);
  return modules;
}

/** @returns `null`: the files did not come, so the text area stays */
async function loadedModules(): Promise<EditorModules | null> {
  try {
    const [{ makeSurface }, flaws] = await Promise.all([
      import('./code-surface.ts'),
      import('../lib/document-flaws.ts'),
    ]);
    return { makeSurface, flaws };
  } catch (error) {
    // The browser reports a file that does not come so.
    if (error instanceof TypeError) return null;
    throw error;
  }
}

interface LoadedProps extends CodeEditorProps {
  modules: EditorModules;
  /** The selection with which it takes the focus; `null`: it does not. */
  begin: { anchor: number; head: number } | null;
}

function LoadedEditor(props: LoadedProps) {
  const {
    modules,
    begin,
    label,
    isLabelHidden = false,
    language,
    value,
    problems = NO_PROBLEMS,
    placeholder = '',
  } = props;
  const { offer, hint, error = null, rows = 3, mostRows, className } = props;
  const words = useWords(partsWords).editor;
  const flawSentences = useWords(flawWords);
  const isTabKept = rows >= LARGE;
  const keys = [isTabKept ? words.tab : '', words.keys, offer === undefined ? '' : words.offers]
    .filter((sentence) => sentence !== '')
    .join(' ');
  const host = useRef<HTMLDivElement>(null);
  const surface = useRef<Surface>(null);
  const [marks, setMarks] = useState<readonly LineMark[]>([]);
  const latest = useRef(props);
  latest.current = props;
  const focusAt = useRef(begin);
  useLayoutEffect(() => {
    if (host.current === null) return undefined;
    const root = host.current.shadowRoot ?? host.current.attachShadow({ mode: 'open' });
    const parts: SurfaceParts = {
      language,
      isTabKept,
      label,
      description: keys,
      placeholder: latest.current.placeholder ?? '',
      phrases: words.phrases,
      flaws: (text) =>
        (language === 'yaml' ? modules.flaws.yamlFlaws : modules.flaws.jsonFlaws)(text).map((flaw) => ({
          ...flaw,
          message: flawSentences.flaw(flaw.code, flaw.message),
        })),
      offer: (names) => latest.current.offer?.(names) ?? NO_KEYS,
      onChange: (text) => latest.current.onChange(text),
      onMarks: setMarks,
    };
    const made = modules.makeSurface(root, latest.current.value, parts);
    surface.current = made;
    if (focusAt.current !== null) made.focus(focusAt.current);
    focusAt.current = null;
    return () => {
      surface.current = null;
      made.destroy();
    };
  }, [modules, language, isTabKept, label, keys, words, flawSentences]);
  useLayoutEffect(() => surface.current?.setText(value), [value]);
  useLayoutEffect(() => surface.current?.setPlaceholder(placeholder), [placeholder]);
  // Callers make a new list for each rendering.
  const serverWords = useServerWords();
  const problemsText = JSON.stringify(
    problems.map((problem): PlacedProblem => ({ path: problem.path, message: problemText(problem, serverWords) })),
  );
  useEffect(() => surface.current?.setProblems(JSON.parse(problemsText) as PlacedProblem[]), [problemsText]);
  const isBad = error !== null || marks.length > 0;
  return (
    <div className={classNames('group flex min-w-0 flex-col gap-1', className)}>
      <span aria-hidden className={isLabelHidden ? 'hidden' : 'text-body font-strong'}>
        {label}
      </span>
      <div
        ref={host}
        data-keys="own"
        style={{ minHeight: heightOf(rows), maxHeight: heightOf(mostRows ?? Infinity) }}
        className={classNames(
          'flex flex-col rounded-control border bg-canvas text-ink',
          isBad ? 'border-bad' : 'border-edge',
        )}
      />
      <div role="status" className="flex flex-col gap-1 text-body text-bad empty:hidden">
        {error !== null && marks.length === 0 && <Problem>{error}</Problem>}
        {marks.slice(0, MOST_MARKS).map(({ line, message }) => (
          <Problem key={`${line} ${message}`}>{words.atLine(line, message)}</Problem>
        ))}
        {marks.length > MOST_MARKS && <Problem>{words.more(marks.length - MOST_MARKS)}</Problem>}
      </div>
      <p className="text-body text-mute">
        {hint}
        <span aria-hidden className={classNames(!isTabKept && 'hidden group-focus-within:inline')}>
          {hint !== undefined && ' '}
          {keys}
        </span>
      </p>
    </div>
  );
}

function Problem({ children }: { children: ReactNode }) {
  return (
    <p className="flex items-start gap-1">
      <Icon name="warning" size={14} className="mt-0.5" />
      <span className="min-w-0 break-words">{children}</span>
    </p>
  );
}
