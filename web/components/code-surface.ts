import {
  autocompletion,
  completionKeymap,
  type CompletionContext,
  type CompletionResult,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import { yaml } from '@codemirror/lang-yaml';
import { bracketMatching, indentUnit, syntaxHighlighting, syntaxTree } from '@codemirror/language';
import {
  forEachDiagnostic,
  linter,
  lintGutter,
  nextDiagnostic,
  setDiagnosticsEffect,
  type Diagnostic,
} from '@codemirror/lint';
import { Annotation, Compartment, EditorState, StateEffect, StateField, type Extension } from '@codemirror/state';
import { EditorView, keymap, lineNumbers, placeholder as placeholderText } from '@codemirror/view';
import { CODE_COLOURS, CODE_LOOK } from './code-look.ts';
import type { Flaw } from '../lib/document-flaws.ts';
import { namesAround, placeOf, type Place } from '../lib/document-tree.ts';

/** CodeMirror, which comes with the first editor. It stands in a shadow root, where its styles break no policy. */

/** A key that the editor offers. */
export interface OfferedKey {
  key: string;
  /** Beside the key: its default, or its kind. */
  detail?: string | undefined;
  /** The meaning of the key. */
  info?: string | undefined;
  /** Its value has keys of its own. */
  isMap?: boolean;
}

/** A problem of a value, as `errors[]` of the API. */
export interface PlacedProblem {
  /** Dotted, within the text: `options.ctx_size`. Empty: the whole. */
  path: string;
  message: string;
}

/** A mark at a line of the text. */
export interface LineMark {
  /** From 1. */
  line: number;
  message: string;
}

/** Texts and functions of the page that the editor uses. */
export interface SurfaceParts {
  language: 'yaml' | 'json';
  /** Whether the Tab key indents, instead of going to the next field. */
  isTabKept: boolean;
  /** For screen readers. */
  label: string;
  description: string;
  placeholder: string;
  /** Sentences of CodeMirror in the language of the page. */
  phrases: Readonly<Record<string, string>>;
  flaws: (text: string) => readonly Flaw[];
  /** Keys that may stand within these names. */
  offer: (names: readonly string[]) => readonly OfferedKey[];
  onChange: (text: string) => void;
  onMarks: (marks: readonly LineMark[]) => void;
}

/** One editor. */
export interface Surface {
  /** Sets another text, without a call of `onChange`. It keeps the place of the cursor as far as it can. */
  setText: (text: string) => void;
  /** Sets the text that shows while the editor is empty. */
  setPlaceholder: (text: string) => void;
  setProblems: (problems: readonly PlacedProblem[]) => void;
  focus: (selection: { anchor: number; head: number }) => void;
  destroy: () => void;
}

/** Milliseconds after the last key until mistakes are marked. */
const QUIET_MS = 300;

const putProblems = StateEffect.define<readonly PlacedProblem[]>();
const problemsField = StateField.define<readonly PlacedProblem[]>({
  create: () => [],
  update: (value, { effects }) => effects.find((effect) => effect.is(putProblems))?.value ?? value,
});

/** A text that the page sets, so that the page already has it. */
const ofPage = Annotation.define<true>();

/** Makes an editor in a shadow root. */
export function makeSurface(root: ShadowRoot, text: string, parts: SurfaceParts): Surface {
  const placeholder = new Compartment();
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: text,
      extensions: [extensionsOf(parts), placeholder.of(placeholderText(parts.placeholder))],
    }),
  });
  return {
    setText: (next) => {
      if (next === view.state.doc.toString()) return;
      const { anchor, head } = view.state.selection.main;
      const end = next.length;
      view.dispatch({
        changes: { from: 0, to: view.state.doc.length, insert: next },
        selection: { anchor: Math.min(anchor, end), head: Math.min(head, end) },
        annotations: ofPage.of(true),
      });
    },
    setPlaceholder: (next) => view.dispatch({ effects: placeholder.reconfigure(placeholderText(next)) }),
    setProblems: (problems) => view.dispatch({ effects: putProblems.of(problems) }),
    focus: ({ anchor, head }) => {
      view.focus();
      const end = view.state.doc.length;
      view.dispatch({ selection: { anchor: Math.min(anchor, end), head: Math.min(head, end) }, scrollIntoView: true });
    },
    destroy: () => view.destroy(),
  };
}

function extensionsOf(parts: SurfaceParts): Extension {
  const { language, label, description, phrases, isTabKept } = parts;
  return [
    EditorState.phrases.of({ ...phrases }),
    lineNumbers(),
    history(),
    bracketMatching(),
    indentUnit.of('  '),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ 'aria-label': label, 'aria-description': description }),
    language === 'yaml' ? yaml() : json(),
    syntaxHighlighting(CODE_COLOURS),
    CODE_LOOK,
    EditorView.domEventHandlers({ beforeinput: (event, view) => replaceSelected(event, view) }),
    problemsField,
    linter((view) => diagnosticsOf(view, parts.flaws), {
      delay: QUIET_MS,
      needsRefresh: ({ transactions }) =>
        transactions.some(({ effects }) => effects.some((effect) => effect.is(putProblems))),
    }),
    lintGutter(),
    autocompletion({ override: [(context) => completionsAt(context, parts)], icons: false }),
    keymap.of([
      ...completionKeymap,
      { key: 'F8', run: nextDiagnostic },
      ...(isTabKept ? [indentWithTab] : []),
      ...historyKeymap,
      // The page saves with it.
      ...defaultKeymap.filter(({ key }) => key !== 'Mod-Enter'),
    ]),
    EditorView.updateListener.of((update) => {
      const isTyped = update.transactions.some((each) => each.docChanged && each.annotation(ofPage) !== true);
      if (isTyped) parts.onChange(update.state.doc.toString());
      const isMarked = update.transactions.some(({ effects }) =>
        effects.some((effect) => effect.is(setDiagnosticsEffect)),
      );
      if (isMarked) parts.onMarks(marksIn(update.state));
    }),
  ];
}

/**
 * Types over selected text. Chromium itself would keep the look of the selected text in a `style` attribute, which the policy of
 * the page forbids.
 */
function replaceSelected(event: InputEvent, view: EditorView): boolean {
  const { data } = event;
  if (event.inputType !== 'insertText' || event.isComposing || data === null) return false;
  const { from, to } = selectedIn(view);
  if (from === to) return false;
  event.preventDefault();
  view.dispatch({
    changes: { from, to, insert: data },
    selection: { anchor: from + data.length },
    userEvent: 'input.type',
    scrollIntoView: true,
  });
  return true;
}

/** The selection as the browser has it: the state of the editor may not have it yet, as after a script has selected. */
function selectedIn(view: EditorView): Place {
  const { root, contentDOM, state } = view;
  const selection = document.getSelection();
  const canTell = selection !== null && 'getComposedRanges' in selection && root instanceof ShadowRoot;
  const [range] = canTell ? selection.getComposedRanges({ shadowRoots: [root] }) : [];
  if (range === undefined || !contentDOM.contains(range.startContainer)) return state.selection.main;
  return {
    from: view.posAtDOM(range.startContainer, range.startOffset),
    to: view.posAtDOM(range.endContainer, range.endOffset),
  };
}

function diagnosticsOf({ state }: EditorView, flaws: SurfaceParts['flaws']): Diagnostic[] {
  const text = state.doc.toString();
  const tree = syntaxTree(state);
  return [
    ...flaws(text).map((flaw): Diagnostic => ({ ...flaw, severity: 'error' })),
    ...state.field(problemsField).map(({ path, message }): Diagnostic => ({
      ...placeOf(tree, text, path),
      message: path === '' ? message : `${path}: ${message}`,
      severity: 'error',
    })),
  ];
}

function marksIn(state: EditorState): LineMark[] {
  const marks: LineMark[] = [];
  forEachDiagnostic(state, ({ message }, from) => marks.push({ line: state.doc.lineAt(from).number, message }));
  return marks;
}

function completionsAt(context: CompletionContext, { language, offer }: SurfaceParts): CompletionResult | null {
  const word = context.matchBefore(/"?[\w.-]*/);
  const from = word?.from ?? context.pos;
  const isEmpty = from === context.pos;
  if (isEmpty && !context.explicit) return null;
  const names = namesAround(syntaxTree(context.state), context.state.doc.toString(), from);
  if (names === null) return null;
  const isQuoted = language === 'json' || word?.text.startsWith('"') === true;
  const indent = ' '.repeat(from - context.state.doc.lineAt(from).from);
  const options = offer(names).map(({ key, detail, info, isMap = false }) => ({
    // The editor compares the typed text with the label.
    label: isQuoted ? `"${key}"` : key,
    ...(detail === undefined ? {} : { detail }),
    ...(info === undefined || info === '' ? {} : { info }),
    apply: isQuoted ? `"${key}": ` : isMap ? `${key}:\n${indent}  ` : `${key}: `,
  }));
  return { from, options, validFor: /^"?[\w.-]*$/ };
}
