/** The values that a field of a request takes. */
interface Rule {
  /** As in `temperature must be a number, 0 or more`. */
  text: string;
  isValid: (value: unknown) => boolean;
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isWhole = (value: unknown): value is number => isNumber(value) && Number.isInteger(value);
const isText = (value: unknown): boolean => typeof value === 'string';

const NUMBER: Rule = { text: 'a number', isValid: isNumber };
const SHARE: Rule = {
  text: 'a number from 0 to 1',
  isValid: (value) => isNumber(value) && value >= 0 && value <= 1,
};
const POSITIVE: Rule = { text: 'a number, 0 or more', isValid: (value) => isNumber(value) && value >= 0 };
const WHOLE: Rule = { text: 'a whole number', isValid: isWhole };
const TOKENS: Rule = {
  text: 'a whole number, 1 or more, or -1 for no limit',
  isValid: (value) => value === null || (isWhole(value) && value >= 1),
};
const SWITCH: Rule = { text: 'true or false', isValid: (value) => typeof value === 'boolean' };
const TEXTS: Rule = {
  text: 'a text, or a list such as ["a", "b"]',
  isValid: (value) => isText(value) || (Array.isArray(value) && value.every(isText)),
};
const OBJECT: Rule = {
  text: 'an object in JSON',
  isValid: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
};
const TEXT: Rule = { text: 'a text', isValid: isText };

/** Fields of a chat request that OpenAI's API, llama-server or vLLM has, and that a person may set in a chat. */
const RULES: ReadonlyMap<string, Rule> = new Map([
  ['temperature', POSITIVE],
  ['max_tokens', TOKENS],
  ['min_tokens', WHOLE],
  ['top_p', SHARE],
  ['top_k', WHOLE],
  ['min_p', SHARE],
  ['typical_p', SHARE],
  ['seed', WHOLE],
  ['stop', TEXTS],
  ['repeat_penalty', POSITIVE],
  ['repetition_penalty', POSITIVE],
  ['repeat_last_n', WHOLE],
  ['presence_penalty', NUMBER],
  ['frequency_penalty', NUMBER],
  ['dry_multiplier', POSITIVE],
  ['dry_base', POSITIVE],
  ['dry_allowed_length', WHOLE],
  ['xtc_probability', SHARE],
  ['xtc_threshold', SHARE],
  ['mirostat', WHOLE],
  ['mirostat_tau', NUMBER],
  ['mirostat_eta', NUMBER],
  ['reasoning_effort', TEXT],
  ['reasoning_format', TEXT],
  ['chat_template_kwargs', OBJECT],
  ['response_format', OBJECT],
  ['json_schema', OBJECT],
  ['grammar', TEXT],
  [
    'logit_bias',
    { text: 'an object or a list in JSON', isValid: (value) => typeof value === 'object' && value !== null },
  ],
  ['cache_prompt', SWITCH],
  ['ignore_eos', SWITCH],
]);

/**
 * Why a chat refuses a setting; `null`: it takes it.
 *
 * @param value `undefined`: the setting is removed. `null`: a number of tokens has no limit.
 * @param typed The name as the user typed it.
 */
export function settingFault(name: string, value: unknown, typed = name): string | null {
  const rule = RULES.get(name);
  if (rule === undefined) return `there is no setting ${name}; settings: ${[...RULES.keys()].join(', ')}`;
  return value === undefined || rule.isValid(value) ? null : `${typed} must be ${rule.text}`;
}

/** A setting as a person types it. */
export function settingText(name: string, value: unknown): string {
  return value === null ? `${name} -1 (no limit)` : `${name} ${JSON.stringify(value)}`;
}
