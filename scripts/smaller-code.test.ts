import { describe, expect, it } from 'vitest';
import { smallerScript, withoutImports } from './smaller-code.ts';

describe('a smaller script', () => {
  it('has no indentation, and the same lines', () => {
    expect(smallerScript('if (a) {\n\t\tb();\n    c();\n}\n')).toBe('if (a) {\nb();\nc();\n}\n');
  });

  it('keeps the blanks of templates, also of those with expressions', () => {
    const templates = 'const a = `\n\t${b(`\n  c`)}\n\td`;\n';
    expect(smallerScript(`{\n\t${templates}\t${templates}}`)).toBe(`{\n${templates}${templates}}`);
  });

  it('is ASCII, and its values are the same', () => {
    const script = '[`\n  é`, "€", /😀/u.test("😀")]';
    const smaller = smallerScript(script);
    expect(smaller).toMatch(/^[\0-\x7F]*$/);
    // oxlint-disable-next-line no-eval -- the value of the script is what is tested
    expect(eval(smaller)).toEqual(['\n  é', '€', true]);
  });

  it('is refused for a raw template that is not ASCII', () => {
    expect(() => smallerScript('String.raw`é`')).toThrow('raw template');
  });
});

describe('a module without imports of modules of Node', () => {
  it('gets a module as a whole, parts of it, and both', () => {
    expect(withoutImports('import os from "node:os";')).toBe('const os = process.getBuiltinModule("node:os");');
    expect(withoutImports('import { a, b as b$1 } from "node:fs";')).toBe(
      'const { a, b: b$1 } = process.getBuiltinModule("node:fs");',
    );
    expect(withoutImports('import fs$1, { a } from "node:fs";')).toBe(
      'const fs$1 = process.getBuiltinModule("node:fs"); const { a } = process.getBuiltinModule("node:fs");',
    );
  });

  it('keeps all other imports', () => {
    const others = 'import { a } from "./a.js";\nimport "node:fs";\nconst text = \'import os from "node:os";\';\n';
    expect(withoutImports(others)).toBe(others);
  });
});
