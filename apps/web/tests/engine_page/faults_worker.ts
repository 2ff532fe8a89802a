/** Tests graphs with each fault, in a worker, where the app runs them. */

import { openBundle } from '../../src/bundle/bundle.ts'
import { openSource } from '../../src/bundle/source.ts'
import { readSequence } from '../../src/conformance/sequence.ts'
import { selfTest } from '../../src/conformance/self_test.ts'
import type { SelfTestResult } from '../../src/conformance/self_test.ts'
import { loadGraphs } from '../../src/engine/load.ts'
import type { ComputeUnit, RuntimeName } from '../../src/runners/graph_runner.ts'
import { FAULTS, withFault } from '../conformance/faults.ts'

export interface FaultsRequest {
  readonly url: string
  readonly runtime: RuntimeName
  readonly unit: ComputeUnit
  readonly threads: number
  /** Fault -> frames that show it; more only take time */
  readonly frames: Readonly<Partial<Record<keyof typeof FAULTS, number>>>
}

export type FaultsReply = { readonly results: Readonly<Record<string, SelfTestResult>> } | { readonly error: string }

async function tested({ url, runtime, unit, threads, frames }: FaultsRequest): Promise<Record<string, SelfTestResult>> {
  const bundle = await openBundle(await openSource({ kind: 'url', url }))
  const { graphs } = await loadGraphs(bundle, { runtime, precision: 'fp32', unit, threads })
  const sequence = await readSequence(bundle)
  const { state } = bundle.manifest
  const results: Record<string, SelfTestResult> = {}
  for (const [name, most] of Object.entries(frames) as [keyof typeof FAULTS, number][]) {
    let left = most
    results[name] = await selfTest(withFault(graphs, FAULTS[name], state), state, sequence, async () => left-- > 0)
  }
  return results
}

addEventListener('message', async ({ data }: MessageEvent<FaultsRequest>) => {
  const reply: FaultsReply = await tested(data).then(
    (results) => ({ results }),
    (error: unknown) => ({ error: String(error) }),
  )
  postMessage(reply)
})
