import { ApiError } from '@llamactl/contract/errors';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assertRevision, parseReference, referenceText } from './model-reference.ts';
import { isPlainPath } from './remote-path.ts';

describe('a reference to a model', () => {
  it.each([
    ['ggml-org/gemma-3-4b-it-GGUF', { source: 'hub', repo: 'ggml-org/gemma-3-4b-it-GGUF', quant: null }],
    ['Qwen/Qwen3-8B-GGUF:Q4_K_M', { source: 'hub', repo: 'Qwen/Qwen3-8B-GGUF', quant: 'Q4_K_M' }],
    ['hf.co/Qwen/Qwen3-8B-GGUF:Q8_0', { source: 'hub', repo: 'Qwen/Qwen3-8B-GGUF', quant: 'Q8_0' }],
    ['https://huggingface.co/Qwen/Qwen3-8B-GGUF', { source: 'hub', repo: 'Qwen/Qwen3-8B-GGUF', quant: null }],
    ['https://hf.co/Qwen/Qwen3-8B-GGUF/tree/main', { source: 'hub', repo: 'Qwen/Qwen3-8B-GGUF', quant: null }],
    [
      'https://huggingface.co/Qwen/Qwen3-8B-GGUF/resolve/main/sub/Qwen3-8B-Q4_K_M-00001-of-00002.gguf?download=true',
      { source: 'hub', repo: 'Qwen/Qwen3-8B-GGUF', quant: 'Qwen3-8B-Q4_K_M' },
    ],
    [
      'https://www.huggingface.co/a/b/blob/main/My%20Model-Q4_K_M.gguf',
      { source: 'hub', repo: 'a/b', quant: 'Q4_K_M' },
    ],
    ['https://huggingface.co/a/b/blob/main/c%2Dd.gguf?x=y#z', { source: 'hub', repo: 'a/b', quant: 'c-d' }],
    ['https://HuggingFace.co/a/b?show_file_info=c.gguf', { source: 'hub', repo: 'a/b', quant: null }],
    ['ms:Qwen/Qwen3-8B-GGUF:Q4_K_M', { source: 'modelscope', repo: 'Qwen/Qwen3-8B-GGUF', quant: 'Q4_K_M' }],
    ['ollama:qwen3', { source: 'ollama', repo: 'library/qwen3', tag: 'latest' }],
    ['ollama:qwen3:8b', { source: 'ollama', repo: 'library/qwen3', tag: '8b' }],
    ['ollama:someone/qwen3:8b-q4_K_M', { source: 'ollama', repo: 'someone/qwen3', tag: '8b-q4_K_M' }],
    ['ollama:MFDoom/deepseek-r1:8b', { source: 'ollama', repo: 'MFDoom/deepseek-r1', tag: '8b' }],
    ['docker:ai/qwen3', { source: 'docker', repo: 'ai/qwen3', tag: 'latest' }],
    ['docker:ai/qwen3:8B-Q4_K_M', { source: 'docker', repo: 'ai/qwen3', tag: '8B-Q4_K_M' }],
    [
      'https://models.example:8443/a/my%20model.gguf',
      { source: 'url', url: 'https://models.example:8443/a/my%20model.gguf', file: 'my model.gguf', sha256: null },
    ],
    [
      `https://models.example/a.gguf#sha256=${'AB'.repeat(32)}`,
      { source: 'url', url: 'https://models.example/a.gguf', file: 'a.gguf', sha256: 'ab'.repeat(32) },
    ],
  ])('is read from %s', (text, expected) => {
    expect(parseReference(text)).toEqual(expected);
  });

  it.each([
    '',
    'model',
    '/etc/passwd',
    'org/../repo',
    '../repo',
    'org/..',
    'org//repo',
    'org/repo/file.gguf',
    'org\\repo/x',
    'org/re\0po',
    'org/re po',
    `org/${'a'.repeat(97)}`,
    'org/re--po',
    'org/repo:',
    'org/repo:Q4:K',
    'org/repo:../x',
    'org/repo:a..b',
    'example.com:8080/org/repo',
    '127.0.0.1/org/repo',
    'http://example.com/a.gguf',
    'file:///etc/passwd.gguf',
    'ftp://example.com/a.gguf',
    'ollama:',
    'ollama:../x',
    'ollama:evil.example:5000/x/y',
    'ollama:evil.example/library/qwen3',
    'docker:qwen3',
    'docker:evil.example/ai/qwen3',
    'docker:ai/qwen3:8b:9',
    'docker:AI/Qwen3',
    'ollama:MF--/x',
    'ollama:user/Qwen3',
    'ms:repo',
    'https://example.com/',
    'https://example.com/model.bin',
    'https://example.com/.gguf',
    'https://example.com/a%2f..%2fb.gguf',
    'https://example.com/a%5cb.gguf',
    'https://example.com/%00.gguf',
    'https://example.com/%e0%a4%a.gguf',
    `https://example.com/${'a'.repeat(260)}.gguf`,
    'https://example.com/a.gguf?sig=secret',
    'https://example.com/a.gguf#sha256=12',
    'https://example.com/a.gguf#top',
    'https://huggingface.co/org/repo/resolve/main/model.bin',
    'https://huggingface.co/org/repo/resolve/v1/a.gguf',
    'https://huggingface.co/org/repo/blob/refs%2Fpr%2F1/a.gguf',
    'https://huggingface.co/org/repo/resolve/main/%e0%a4%a.gguf',
    'https://huggingface.co/org/repo/resolve/main/x%20y.gguf',
    'https://huggingface.co/datasets/org/repo/resolve/main/a.gguf',
    'https://huggingface.co/org%2f..%2frepo/x/y/a.gguf',
    'https://huggingface.co:8443/org/repo/resolve/main/a.gguf',
    'https://me:secret@huggingface.co/org/repo',
    'https://huggingface.co/a.gguf',
    'hf.co\\org\\repo',
    'hf.co/or\ng/repo',
    `https://example.com/${'a/'.repeat(2_000)}a.gguf`,
  ])('is refused: %j', (text) => {
    expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: 'VALIDATION_ERROR' }));
  });

  it('does not repeat a password or a signed query in the error', () => {
    for (const url of [
      'https://me:secret@example.com/a.gguf',
      'https://example.com/a.gguf?sig=secret',
      'https://example.com/secret/a.bin',
      'http://me:secret@example.com/a.gguf',
      's3://me:secret@bucket/a.gguf',
      'ollama:https://me:secret@example.com/a',
      'hf.co/org/repo://secret',
      'me:secret@example.com/a.gguf',
      'example.com/a.gguf?sig=secret',
      'https://me:secret@huggingface.co/org/repo',
      `https://secret:${'x'.repeat(3_000)}@example.com/a.gguf`,
    ]) {
      const refusal = refusalOf(() => parseReference(url));
      expect([refusal.message, refusal.extras.details ?? ''].join(' ')).not.toContain('secret');
    }
  });

  it('has the host of a refused address in the error', () => {
    expect(refusalOf(() => parseReference('s3://me:secret@bucket/a.gguf')).message).toMatch(/^"s3:\/\/bucket\/…" must/);
    const revision = refusalOf(() => parseReference('https://hf.co/org/repo/blob/v1/a.gguf'));
    expect(revision.message).toContain('give org/repo and the revision separately');
  });

  it.each([
    ['hf.co/org/repo', 'Q4_K_M', 'org/repo:Q4_K_M'],
    ['org/repo:q8_0', null, 'org/repo'],
    ['ms:org/repo', 'Q4_K_M', 'ms:org/repo:Q4_K_M'],
    ['ollama:qwen3', null, 'ollama:qwen3:latest'],
    ['ollama:someone/qwen3:8b', null, 'ollama:someone/qwen3:8b'],
    ['docker:ai/qwen3:8b', null, 'docker:ai/qwen3:8b'],
    ['https://example.com/a.gguf', null, 'https://example.com/a.gguf'],
    [
      `https://example.com/a.gguf#sha256=${'0'.repeat(64)}`,
      null,
      `https://example.com/a.gguf#sha256=${'0'.repeat(64)}`,
    ],
  ])('%s with the choice %s is written %s', (text, choice, written) => {
    expect(referenceText(parseReference(text), choice)).toBe(written);
  });
});

describe('any text', () => {
  it('is refused, or names a repository of two plain parts that its text names again', () => {
    const piece = fc.constantFrom(
      'org',
      'repo',
      '..',
      '/',
      ':',
      'ms:',
      'ollama:',
      'docker:',
      'https://',
      'a.gguf',
      '-',
      '.',
      '%2f',
      '\\',
      '@',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(text, (given) => {
        let reference;
        try {
          reference = parseReference(given);
        } catch (error) {
          expect(error).toMatchObject({ code: 'VALIDATION_ERROR' });
          return;
        }
        const repo = reference.source === 'url' ? `host/${reference.file}` : reference.repo;
        expect(repo.split('/')).toHaveLength(2);
        expect(isPlainPath(repo)).toBe(true);
        const quant = 'quant' in reference ? reference.quant : null;
        expect(parseReference(referenceText(reference, quant))).toEqual(reference);
      }),
    );
  });
});

describe('a revision', () => {
  it.each(['main', 'v1.0', 'refs/pr/3', '0123456789abcdef0123456789abcdef01234567'])('may be %s', (text) => {
    expect(() => assertRevision(text)).not.toThrow();
  });

  it.each(['', '..', 'a/../b', '/main', 'main/', 'a b', 'a\0', '-x', 'a?b', 'a'.repeat(256)])(
    'may not be %j',
    (text) => {
      expect(() => assertRevision(text)).toThrow(expect.objectContaining({ code: 'VALIDATION_ERROR' }));
    },
  );
});

describe('a path of another machine', () => {
  it.each(['a.gguf', 'UD-Q4_K_XL/a-00001-of-00003.gguf', 'name with spaces.gguf', 'ä/b', '.gitattributes'])(
    'may be %s',
    (path) => expect(isPlainPath(path)).toBe(true),
  );

  it.each([
    '',
    '/a',
    'a/',
    'a//b',
    '.',
    '..',
    'a/../b',
    './a',
    'a\\b',
    'a\0b',
    'a\nb',
    'ä'.repeat(128),
    'a\ud800b',
    '\udc00',
  ])('may not be %j', (path) => expect(isPlainPath(path)).toBe(false));
});

function refusalOf(action: () => unknown): ApiError {
  try {
    action();
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
