import { shownTurns, type Conversation } from './conversation.ts';

/** Returns a conversation as Markdown: the shown branches only. */
export function markdownOf(conversation: Conversation): string {
  const parts = [`# ${conversation.title}`];
  if (conversation.system !== '') parts.push('## system', conversation.system);
  for (const { turn } of shownTurns(conversation)) {
    parts.push(`## ${turn.instance ?? turn.role}`);
    for (const { name, kind, content } of turn.files) {
      parts.push(kind === 'image' ? `(${name})` : `${name}:\n\n${fenced(content)}`);
    }
    if (turn.text !== '') parts.push(turn.text);
  }
  return `${parts.join('\n\n')}\n`;
}

/** Returns a conversation as JSON, with all its branches. */
export function jsonOf(conversation: Conversation): string {
  return `${JSON.stringify({ ...conversation, stamp: undefined }, null, 2)}\n`;
}

/** Returns the name of the file of a conversation, without its ending. */
export function fileNameOf({ title }: Pick<Conversation, 'title'>): string {
  const name = title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 40);
  return name === '' ? 'chat' : name;
}

/** The fence is longer than any in the text. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}
