import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Fails on words and sentence shapes that CONTRIBUTING.md bans: in TypeScript, comments and names included, and in Markdown.
 *
 *     node scripts/plain-english.ts
 */

const ROOT = path.join(import.meta.dirname, '..');

/** Each with the words to use instead. */
const BANNED: readonly (readonly [RegExp, string])[] = [
  [/\b(?:un)?told\b/i, 'reports, returns, sends, knows'],
  // The system has a user of this name; tests name it in quotes.
  [/(?<!['"`])\bnobody\b(?!['"`])/, 'no one, no caller, no process: name it'],
  [/\bwhoever\b/i, 'name who: the caller, the reader'],
  [/\banew\b/i, 'again'],
  [/\bso long\b/i, 'as long as, for that time'],
  [/\boverheard?s?\b/i, 'misses, ignores'],
  [/\bof itself\b/i, 'leave it out, or say by itself'],
];

/** A sentence of a comment that begins with a clause in place of its subject. A question may. */
const CLAUSE_FIRST = /(?:\/\*\*|\/\/|^\s*\*|\. )\s*(?:What|Whoever|That which)\b[^?]*$/;

/** Files about the words themselves, and the results of a bench, which keep the captions of their day. */
const EXEMPT = /^(?:CONTRIBUTING\.md|bench\/results\/.*|scripts\/plain-english(?:\.test)?\.ts)$/;

/** Folders whose comments may still begin with a clause: they wait to be reworded. */
const CLAUSES_ALLOWED = /^(?:bench|e2e)\//;

/** A place that breaks the rules. */
export interface Finding {
  /** Counted from 1. */
  line: number;
  found: string;
  instead: string;
}

/** @param file Its name decides how the text is read. */
export function findingsIn(file: string, text: string): Finding[] {
  return text.split('\n').flatMap((content, index) => {
    const line = index + 1;
    const findings = BANNED.flatMap(([pattern, instead]) => {
      const found = pattern.exec(content)?.[0];
      return found === undefined ? [] : [{ line, found, instead }];
    });
    const isClauseFirst = /\.tsx?$/.test(file) && !CLAUSES_ALLOWED.test(file) && CLAUSE_FIRST.test(content);
    const shape = {
      line,
      found: content.trim(),
      instead: 'begin with the subject: a noun, or a verb of the docstring',
    };
    return isClauseFirst ? [...findings, shape] : findings;
  });
}

/** Files that people of this project wrote. Git lists those too that were deleted a moment ago. */
function ownFiles(): string[] {
  const options = { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 } as const;
  const tracked = execFileSync('git', ['ls-files', '*.ts', '*.tsx', '*.md'], options).trim().split('\n');
  return tracked.filter((file) => !EXEMPT.test(file) && existsSync(path.join(ROOT, file)));
}

if (import.meta.main) {
  const lines = ownFiles().flatMap((file) =>
    findingsIn(file, readFileSync(path.join(ROOT, file), 'utf8')).map(
      ({ line, found, instead }) => `${file}:${line}: "${found}"; instead: ${instead}`,
    ),
  );
  for (const line of lines) process.stdout.write(`${line}\n`);
  if (lines.length > 0) process.exitCode = 1;
}
