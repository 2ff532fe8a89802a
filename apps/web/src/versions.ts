/** What a saved result says it was measured with. */

import manifest from '../package.json' with { type: 'json' }
import type { RuntimeName } from './runners/graph_runner.ts'

/** Of the app, which is vitexport's */
export const APP_VERSION: string = manifest.version

/** Dependencies are pinned, so that what is asked for is what there is. */
export const RUNTIME_VERSIONS: Readonly<Record<RuntimeName, string>> = {
  onnx: `ONNX Runtime Web ${manifest.dependencies['onnxruntime-web']}`,
  litert: `LiteRT.js ${manifest.dependencies['@litertjs/core']}`,
}
