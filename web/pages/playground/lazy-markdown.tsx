import { lazy, Suspense } from 'react';

// The parser comes beside the page, so that neither waits for the other.
const coming = import('./markdown.tsx');
const Markdown = lazy(() => coming);

/** A text of a model. It is plain until the parser is there. */
export function LazyMarkdown({ text }: { text: string }) {
  return (
    <Suspense
      fallback={
        <p dir="auto" className="text-form whitespace-pre-wrap [overflow-wrap:anywhere]">
          {text}
        </p>
      }
    >
      <Markdown text={text} />
    </Suspense>
  );
}
