import { Link, useNavigate } from '@tanstack/react-router';
import { useRef, type ReactNode, type Ref } from 'react';
import { Button } from '../../components/button.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { CONTROL } from '../../components/field.tsx';
import { Icon } from '../../components/icons.tsx';
import { Prose } from '../../components/prose.tsx';
import { useWords } from '../../lib/language.ts';
import { useShortcuts } from '../../lib/shortcuts.ts';
import { apiWords } from '../../words/api.ts';
import { byTag, type Operation } from './api-document.ts';
import { MethodMark } from './method-mark.tsx';

interface OperationListProps {
  /** The operations that the search found. */
  operations: readonly Operation[];
  /** The id of the open one. */
  open: string | undefined;
  text: string;
  onSearch: (text: string) => void;
  /** Shown above the list until the reader searches. */
  children: ReactNode;
}

/** Search, and the operations by tag. */
export function OperationList({ operations, open, text, onSearch, children }: OperationListProps) {
  const words = useWords(apiWords);
  const navigate = useNavigate({ from: '/api' });
  const field = useRef<HTMLInputElement>(null);
  useShortcuts(words.keysPlace, [{ keys: '/', label: words.search, run: () => field.current?.select() }]);
  const openFirst = (): void => {
    const [first] = operations;
    if (first !== undefined) void navigate({ search: { q: text === '' ? undefined : text, operation: first.id } });
  };
  return (
    <>
      <div className="sticky top-0 z-10 bg-canvas px-4 py-3 wide:pl-6">
        <span className="relative flex items-center">
          <Icon name="search" className="pointer-events-none absolute left-2 text-mute" />
          <input
            ref={field}
            type="search"
            aria-label={words.search}
            placeholder={words.search}
            value={text}
            onChange={({ target }) => onSearch(target.value)}
            onKeyDown={({ key, currentTarget }) => {
              if (key === 'Enter') openFirst();
              if (key !== 'Escape') return;
              onSearch('');
              currentTarget.blur();
            }}
            className={`${CONTROL} pl-8 text-body`}
          />
        </span>
      </div>
      {text === '' && children}
      {operations.length === 0 ? (
        <EmptyState
          title={words.nothingFound}
          action={<Button onClick={() => onSearch('')}>{words.clearSearch}</Button>}
        >
          {words.nothingFoundHint}
        </EmptyState>
      ) : (
        <nav aria-label={words.requests} className="pb-8">
          {byTag(operations).map(([tag, members]) => (
            <section key={tag} className="mt-3 first:mt-1">
              <h2 className="px-4 py-1 text-label font-strong text-mute wide:pl-6">{tag}</h2>
              <ul>
                {members.map((operation) => (
                  <li key={operation.id}>
                    <OperationLink operation={operation} isOpen={operation.id === open} query={text} />
                  </li>
                ))}
              </ul>
            </section>
          ))}
        </nav>
      )}
    </>
  );
}

/** Brings the open operation of a deep link into sight. */
const intoSight: Ref<HTMLAnchorElement> = (link) => link?.scrollIntoView({ block: 'nearest' });

interface OperationLinkProps {
  operation: Operation;
  isOpen: boolean;
  query: string;
}

function OperationLink({ operation: { id, method, path, summary }, isOpen, query }: OperationLinkProps) {
  return (
    <Link
      ref={isOpen ? intoSight : null}
      to="/api"
      search={{ q: query === '' ? undefined : query, operation: id }}
      preload={false}
      aria-current={isOpen ? 'page' : undefined}
      className="flex scroll-my-16 gap-1 border-l-2 border-transparent px-4 py-1.5 -outline-offset-2 hover:bg-hover aria-[current=page]:border-accent aria-[current=page]:bg-hover wide:pl-[22px]"
    >
      <span className="pt-px">
        <MethodMark method={method} />
      </span>
      <span className="min-w-0">
        <code className="block break-words">{path.replace(/^\/api/, '')}</code>
        <span className="line-clamp-2 text-mute">
          <Prose text={summary} />
        </span>
      </span>
    </Link>
  );
}
