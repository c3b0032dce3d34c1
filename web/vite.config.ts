import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The server that the development server sends requests of the API to. */
const SERVER = process.env['LLAMACTL_URL'] ?? 'http://127.0.0.1:8080';

/** Modules that most pages use. */
const SHARED = /\/(?:web\/(?:components|lib)|format|node_modules\/(?:@tanstack|@radix-ui|@floating-ui))\//;

/** The build of the page: relative addresses only, so that it works under every prefix. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [react(), tailwindcss()],
  // For `vite web`: the page from its sources, the API from a running server.
  server: {
    proxy: Object.fromEntries(['/api', '/v1', '/docs'].map((path) => [path, { target: SERVER, ws: path === '/api' }])),
  },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2024',
    // Browsers that lack it do not run the page either, and inline data would break the policy.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 600,
    // Else each part that two pages share would be a file, and a request, of its own.
    rolldownOptions: {
      output: { codeSplitting: { groups: [{ name: 'parts', test: SHARED, minShareCount: 2 }] } },
    },
  },
});
