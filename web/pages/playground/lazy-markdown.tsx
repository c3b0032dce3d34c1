import { lazy, Suspense } from 'react';

// The parser comes with the first answer.
const Markdown = lazy(() => import('./markdown.tsx'));

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
