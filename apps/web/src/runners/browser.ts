/** What the browser that this runs in offers to graphs. */

import type { RuntimeName } from './graph_runner.ts'
import { mostThreads } from './threads.ts'

export interface Browser {
  /** A GPU, and not only the name of one */
  readonly gpu: boolean
  /** The most that each runtime can have */
  readonly threads: Readonly<Record<RuntimeName, number>>
}

export async function thisBrowser(): Promise<Browser> {
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null)
  return {
    gpu: adapter !== null && adapter !== undefined && !adapter.info.isFallbackAdapter,
    threads: { onnx: await mostThreads('onnx'), litert: await mostThreads('litert') },
  }
}
