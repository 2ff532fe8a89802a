/** Builds the app to where `vitexport serve` finds it, and where the wheel takes it from. */

import { defineConfig } from 'vite'

export default defineConfig({
  base: './',
  worker: { format: 'es' },
  build: {
    target: 'es2023',
    outDir: '../../exporter/serve/app',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1000,
  },
})
