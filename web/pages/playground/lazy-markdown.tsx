import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { laterPart } from '../../components/later-part.tsx';

// The parser comes beside the page, so that neither waits for the other.
const coming = laterPart(
  async () => (await import('./markdown.tsx')).default,
  ({ props: { text } }) => <PlainText text={text} />,
)();
const Markdown = lazy(() => coming);

/** How far from the window a text gets its form: it is ready before the reader comes. */
const NEAR = '1000px';

interface LazyMarkdownProps {
  text: string;
  /** Whether a text that is far from the window stays plain until the reader comes near: long chats open sooner. */
  canWait?: boolean;
}

/** A text of a model. It is plain until the parser is there. */
export function LazyMarkdown({ text, canWait = false }: LazyMarkdownProps) {
  const [isNear, setNear] = useState(!canWait);
  const plain = <PlainText text={text} onNear={() => setNear(true)} />;
  return isNear ? (
    <Suspense fallback={plain}>
      <Markdown text={text} />
    </Suspense>
  ) : (
    plain
  );
}

function PlainText({ text, onNear }: { text: string; onNear?: () => void }) {
  const ref = useRef<HTMLParagraphElement>(null);
  const latest = useRef(onNear);
  latest.current = onNear;
  useEffect(() => {
    const element = ref.current;
    if (element === null) return undefined;
    const watch = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) latest.current?.();
      },
      { root: element.closest('section'), rootMargin: NEAR },
    );
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  return (
    <p ref={ref} dir="auto" className="text-form whitespace-pre-wrap [overflow-wrap:anywhere]">
      {text}
    </p>
  );
}
