import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [svelte()],
  clearScreen: false,
  // WebKitGTK 2.50 is the oldest engine that is tested; fonts stay files so that the style sheet is small.
  build: { target: 'safari17', modulePreload: { polyfill: false }, sourcemap: false, assetsInlineLimit: 0 },
  server: { port: 5173, strictPort: true },
  // Components run in tests as they run in the window, not as on a server.
  ...(process.env['VITEST'] ? { resolve: { conditions: ['browser'] } } : {}),
  test: { environment: 'jsdom', include: ['src/**/*.test.ts'] },
});
