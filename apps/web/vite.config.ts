/** Builds the app to where `vitexport serve app` finds it, and where the wheel takes it from. */

import { defaultClientConditions, defineConfig } from 'vite'

import { serviceWorkerFiles } from './service_worker.plugin.ts'

export default defineConfig({
  base: './',
  // ONNX Runtime's scripts that have no WebAssembly of their own: runners/onnx.ts says where that is.
  resolve: { conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions] },
  worker: { format: 'es' },
  plugins: [serviceWorkerFiles('public')],
  build: {
    target: 'es2023',
    outDir: '../../exporter/serve/app',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1000,
    rolldownOptions: {
      input: { index: 'index.html', service_worker: 'src/offline/service_worker.ts' },
      output: {
        // A service worker answers for the folder that it is in, and is found by its name.
        entryFileNames: ({ name }) => (name === 'service_worker' ? '[name].js' : 'assets/[name]-[hash].js'),
      },
    },
  },
})
