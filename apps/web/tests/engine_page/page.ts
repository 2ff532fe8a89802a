/** What the tests in tests/apps/web call: the app's engine on any bundle, and the self-test with planted faults. */

import { Engine } from '../../src/engine/client.ts'
import type { SelfTestResult } from '../../src/conformance/self_test.ts'
import type { RuntimeName } from '../../src/runners/graph_runner.ts'
import type { FaultsReply, FaultsRequest } from './faults_worker.ts'

/** How far the engine got with a bundle */
interface Tried {
  /** The calls that were answered */
  readonly answered: readonly string[]
  /** What the next said instead */
  readonly error: string | null
  readonly result: SelfTestResult | null
}

/** Open a bundle, load its graphs and test them, in a worker of its own. */
async function tried(url: string, runtime: RuntimeName, threads: number): Promise<Tried> {
  const engine = new Engine()
  const answered: string[] = []
  try {
    await engine.ask('open', { source: { kind: 'url', url } })
    answered.push('open')
    await engine.ask('load', { configuration: { runtime, precision: 'fp32', unit: 'cpu', threads } })
    answered.push('load')
    const result = await engine.ask('selfTest', {})
    answered.push('selfTest')
    return { answered, error: null, result }
  } catch (error) {
    return { answered, error: error instanceof Error ? error.message : String(error), result: null }
  } finally {
    engine.close()
  }
}

/** The self-test's result by fault. */
function withFaults(request: FaultsRequest): Promise<FaultsReply> {
  const worker = new Worker(new URL('./faults_worker.ts', import.meta.url), { type: 'module' })
  return new Promise((resolve) => {
    worker.addEventListener('message', ({ data }: MessageEvent<FaultsReply>) => {
      resolve(data)
      worker.terminate()
    })
    worker.postMessage(request)
  })
}

Object.assign(window, { engines: { Engine, tried, withFaults } })
