import type { MarkedToken, Token, Tokens } from 'marked';
import { memo, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { createPortal } from 'react-dom';
import { CodeBlock } from '../../components/code-block.tsx';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { useWords } from '../../lib/language.ts';
import { playgroundWords } from '../../words/playground.ts';
import {
  markdownBlocks,
  openableAddress,
  plainText,
  type MarkdownBlock,
  type MarkdownText,
} from './markdown-blocks.ts';

/** A Markdown text as React elements. Tags of HTML are shown as text, images and links as buttons. */
export default function Markdown({ text }: { text: string }) {
  const before = useRef<MarkdownText | null>(null);
  const parsed = useMemo(() => markdownBlocks(text, before.current), [text]);
  useEffect(() => {
    before.current = parsed;
  }, [parsed]);
  return (
    <div dir="auto" className="flex min-w-0 flex-col gap-3 text-form [overflow-wrap:anywhere]">
      {parsed.blocks.map((block, at) => (
        // oxlint-disable-next-line react/no-array-index-key -- parts of a text keep their places
        <Part key={at} block={block} />
      ))}
    </div>
  );
}

const Part = memo(
  function Part({ block }: { block: MarkdownBlock }) {
    return blockOf(block.token);
  },
  (before, after) => before.block.raw === after.block.raw,
);

const HEADINGS = ['text-section', 'text-section', 'text-form', 'text-form', 'text-form', 'text-form'] as const;

function blockOf(given: Token): ReactNode {
  const token = given as MarkedToken;
  switch (token.type) {
    case 'space':
    case 'def':
      return null;
    case 'heading':
      return (
        <p
          role="heading"
          aria-level={Math.min(6, token.depth + 2)}
          className={`mt-1 font-strong ${HEADINGS[token.depth - 1] ?? ''}`}
        >
          {inlinesOf(token.tokens)}
        </p>
      );
    case 'paragraph':
      return <p className="whitespace-pre-wrap">{inlinesOf(token.tokens)}</p>;
    case 'code':
      return <Code token={token} />;
    case 'blockquote':
      return (
        <blockquote className="flex flex-col gap-2 border-l-2 border-line pl-3 text-mute">
          {blocksOf(token.tokens)}
        </blockquote>
      );
    case 'hr':
      return <hr className="border-line" />;
    case 'list':
      return <List token={token} />;
    case 'table':
      return <Table token={token} />;
    case 'text':
      return <span>{token.tokens === undefined ? plainText(token.text) : inlinesOf(token.tokens)}</span>;
    default:
      return inlineOf(token);
  }
}

function blocksOf(tokens: readonly Token[]): ReactNode {
  // oxlint-disable-next-line react/no-array-index-key -- parts of a text keep their places
  return tokens.map((token, at) => <Fragmentary key={at} token={token} />);
}

function Fragmentary({ token }: { token: Token }) {
  return blockOf(token);
}

function Code({ token }: { token: Tokens.Code }) {
  const words = useWords(playgroundWords);
  const language = (token.lang ?? '').split(/\s/)[0] ?? '';
  return (
    <div className="min-w-0">
      {language !== '' && <p className="pb-1 text-label text-mute">{language}</p>}
      <CodeBlock code={token.text} label={language === '' ? words.code : `${words.code}: ${language}`} />
    </div>
  );
}

function List({ token }: { token: Tokens.List }) {
  const items = token.items.map((item, at) => (
    // oxlint-disable-next-line react/no-array-index-key -- items keep their places
    <li key={at} className="pl-1">
      <div className="flex flex-col gap-2">{blocksOf(joined(item.tokens))}</div>
    </li>
  ));
  const className = 'flex flex-col gap-1 pl-6';
  return token.ordered ? (
    <ol className={`list-decimal ${className}`} start={token.start === '' ? 1 : token.start}>
      {items}
    </ol>
  ) : (
    <ul className={`list-disc ${className}`}>{items}</ul>
  );
}

/** The box of a task stands in the line of its text. */
function joined(tokens: readonly Token[]): readonly Token[] {
  const [first, second, ...rest] = tokens;
  if (first?.type !== 'checkbox' || second === undefined) return tokens;
  const line = 'tokens' in second ? (second.tokens ?? []) : [];
  return [{ ...second, tokens: [first, ...line] }, ...rest];
}

function Table({ token }: { token: Tokens.Table }) {
  const cell = 'border-b border-line px-3 py-1.5 text-left align-top';
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls by keyboard
    <div tabIndex={0} className="overflow-x-auto rounded-control border border-line">
      <table className="w-full border-collapse">
        <thead className="bg-panel">
          <tr>
            {token.header.map((each, at) => (
              // oxlint-disable-next-line react/no-array-index-key -- columns keep their places
              <th key={at} scope="col" className={`${cell} font-strong`}>
                {inlinesOf(each.tokens)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {token.rows.map((row, line) => (
            // oxlint-disable-next-line react/no-array-index-key -- rows keep their places
            <tr key={line} className="last:[&>td]:border-b-0">
              {row.map((each, at) => (
                // oxlint-disable-next-line react/no-array-index-key -- columns keep their places
                <td key={at} className={cell}>
                  {inlinesOf(each.tokens)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function inlinesOf(tokens: readonly Token[]): ReactNode {
  // oxlint-disable-next-line react/no-array-index-key -- parts of a line keep their places
  return tokens.map((token, at) => <Inline key={at} token={token} />);
}

function Inline({ token }: { token: Token }) {
  return inlineOf(token as MarkedToken);
}

function inlineOf(token: MarkedToken): ReactNode {
  switch (token.type) {
    case 'strong':
      return <strong className="font-strong">{inlinesOf(token.tokens)}</strong>;
    case 'em':
      return <em>{inlinesOf(token.tokens)}</em>;
    case 'del':
      return <del>{inlinesOf(token.tokens)}</del>;
    case 'codespan':
      return <code className="rounded-[3px] bg-hover px-1 py-0.5">{token.text}</code>;
    case 'br':
      return <br />;
    case 'link':
      return <Address href={token.href}>{inlinesOf(token.tokens)}</Address>;
    case 'image':
      return <Address href={token.href}>{token.text === '' ? token.href : token.text}</Address>;
    case 'checkbox':
      return token.checked ? '☑ ' : '☐ ';
    case 'text':
      return token.tokens === undefined ? plainText(token.text) : inlinesOf(token.tokens);
    case 'escape':
      return token.text;
    default:
      // Among them HTML, which stays the text that it is.
      return token.raw;
  }
}

/** A link that a model wrote. It shows where it leads before it opens, since a model may have been made to write it. */
function Address({ href, children }: { href: string; children: ReactNode }) {
  const words = useWords(playgroundWords);
  const [isAsked, setAsked] = useState(false);
  const address = openableAddress(href);
  if (address === null) return <span>{children}</span>;
  const open = (): void => {
    window.open(address, '_blank', 'noopener,noreferrer');
    setAsked(false);
  };
  return (
    <>
      <button
        type="button"
        data-tip={address.slice(0, 200)}
        onClick={() => setAsked(true)}
        className="inline text-left text-accent underline underline-offset-2"
      >
        {children}
      </button>
      {isAsked &&
        // A dialog may not stand in a paragraph.
        createPortal(
          <ConfirmDialog title={words.leaveTitle} confirm={words.open} onConfirm={open} onClose={() => setAsked(false)}>
            <p>{words.leaveHint}</p>
            <p className="mt-2">
              <code className="break-all">{address}</code>
            </p>
          </ConfirmDialog>,
          document.body,
        )}
    </>
  );
}
