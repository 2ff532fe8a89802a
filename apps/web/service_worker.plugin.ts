/** Tells the service worker which files the build has. It is built anew, and so updated, when any of them changes. */

import { existsSync, readdirSync } from 'node:fs'
import type { Plugin } from 'vite'

const NAME = 'service_worker.js'

/** Too large to be fetched before anybody asks for them: of all runtimes, a device uses one. */
const RUNTIMES = /^assets\/(ort|litert)|\.wasm$/

export function serviceWorkerFiles(publicFolder: string): Plugin {
  return {
    name: 'service-worker-files',
    enforce: 'post',
    generateBundle(_, bundle) {
      const unbuilt = existsSync(publicFolder) ? readdirSync(publicFolder) : []
      const built = ['./', ...unbuilt, ...Object.keys(bundle).filter((file) => file !== NAME)].sort()
      const shell = built.filter((file) => !RUNTIMES.test(file))
      const worker = bundle[NAME]
      if (worker?.type !== 'chunk') throw new Error(`The build has no ${NAME}.`)
      worker.code = worker.code
        .replace('SHELL_FILES', JSON.stringify(shell))
        .replace('BUILT_FILES', JSON.stringify(built))
    },
  }
}
