import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{contract,client,server,cli,e2e,bench,scripts}/**/*.test.ts'],
    reporters: ['default', './scripts/closing-line.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
