import { HighlightStyle } from '@codemirror/language';
import { EditorView } from '@codemirror/view';
import { tags } from '@lezer/highlight';

/** The colours of a text. Those of the page have enough contrast in both themes. */
export const CODE_COLOURS = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--accent)' },
  { tag: tags.string, color: 'var(--ok)' },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: 'var(--busy)' },
  { tag: [tags.comment, tags.lineComment], color: 'var(--mute)' },
  { tag: [tags.meta, tags.typeName, tags.labelName], color: 'var(--warn)' },
  { tag: [tags.punctuation, tags.separator, tags.bracket, tags.squareBracket, tags.brace], color: 'var(--mute)' },
  { tag: tags.invalid, color: 'var(--bad)' },
]);

/** Edges, sizes and floating parts, as the rest of the page has them. */
export const CODE_LOOK = EditorView.theme({
  '&': { color: 'var(--ink)', backgroundColor: 'transparent', borderRadius: '4px', flex: '1 1 auto', minHeight: '0' },
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '1px' },
  '.cm-scroller': {
    fontFamily: 'var(--font-mono)',
    fontSize: '0.8125rem',
    lineHeight: '1.25rem',
    overflow: 'auto',
    flex: '1 1 auto',
    alignItems: 'stretch !important',
  },
  '.cm-content': { padding: '6px 0', caretColor: 'var(--ink)' },
  '.cm-line': { padding: '0 8px 0 4px' },
  '.cm-placeholder': { color: 'var(--mute)' },
  '.cm-gutters': {
    // As high as the field, not as its lines.
    height: 'auto',
    color: 'var(--mute)',
    backgroundColor: 'var(--panel)',
    border: 'none',
    borderRight: '1px solid var(--line)',
    borderRadius: '4px 0 0 4px',
  },
  '.cm-lineNumbers .cm-gutterElement': { minWidth: '20px', padding: '0 4px 0 8px', fontVariantNumeric: 'tabular-nums' },
  '.cm-gutter-lint': { width: '16px' },
  '.cm-gutter-lint .cm-gutterElement': { padding: '0 2px' },
  // The pictures of CodeMirror have colours of their own, and are addresses with data.
  '.cm-lint-marker-error': {
    content: 'normal',
    width: '12px',
    height: '12px',
    margin: '4px 0',
    background: 'var(--bad)',
    clipPath: 'polygon(50% 8%, 100% 92%, 0 92%)',
  },
  '.cm-lintRange-error': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--bad)',
    textUnderlineOffset: '3px',
  },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': {
    backgroundColor: 'var(--hover)',
    outline: '1px solid var(--edge)',
  },
  '&.cm-focused .cm-nonmatchingBracket': { backgroundColor: 'transparent', color: 'var(--bad)' },
  '.cm-tooltip': {
    color: 'var(--ink)',
    backgroundColor: 'var(--raised)',
    border: '1px solid var(--line)',
    borderRadius: '8px',
    boxShadow: '0 8px 24px rgb(0 0 0 / 18%), 0 1px 3px rgb(0 0 0 / 12%)',
    overflow: 'hidden',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': {
    fontFamily: 'var(--font-mono)',
    fontSize: '0.8125rem',
    maxHeight: '16em',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': {
    display: 'flex',
    gap: '12px',
    padding: '2px 8px',
    lineHeight: '1.25rem',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    color: 'var(--ink)',
    backgroundColor: 'var(--hover)',
    boxShadow: 'inset 2px 0 var(--accent)',
  },
  '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '600' },
  '.cm-completionDetail': { marginLeft: 'auto', color: 'var(--mute)', fontStyle: 'normal' },
  '.cm-tooltip.cm-completionInfo': {
    fontFamily: 'var(--font-sans)',
    fontSize: '0.8125rem',
    padding: '6px 10px',
    maxWidth: '320px',
    overflowWrap: 'anywhere',
  },
  '.cm-diagnostic': {
    padding: '6px 10px',
    borderLeft: '3px solid var(--bad)',
    fontFamily: 'var(--font-sans)',
    fontSize: '0.8125rem',
    overflowWrap: 'anywhere',
  },
  '.cm-lintPoint-error:after': { borderBottomColor: 'var(--bad)' },
});
