/** Builds the app to where `vitexport serve` finds it, and where the wheel takes it from. */

import { defaultClientConditions, defineConfig } from 'vite'

export default defineConfig({
  base: './',
  // ONNX Runtime's scripts that have no WebAssembly of their own: runners/onnx.ts says where that is.
  resolve: { conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions] },
  worker: { format: 'es' },
  build: {
    target: 'es2023',
    outDir: '../../exporter/serve/app',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1000,
  },
})
