import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'

import { CrashMemory } from '../src/crash_memory.ts'
import type { Configuration, Request } from '../src/engine/messages.ts'
import { Workbench } from '../src/workbench.ts'

const GPU: Configuration = { runtime: 'onnx', precision: 'fp32', unit: 'gpu', threads: 1 }
const CPU: Configuration = { runtime: 'litert', precision: 'fp32', unit: 'cpu', threads: 2 }
const SUMMARY = { model: 'nano', manifestSha256: 'a'.repeat(64), configurations: [GPU, CPU] }

/** Why a bundle at a URL, or its graphs in a configuration, are refused; undefined where they are not */
type Refusal = (what: string) => string | undefined

/** What the workers of a test have been asked: the URL that is opened, or the unit that graphs are loaded on. */
let asked: string[]
let refusal: Refusal
/** Loading is answered once this is. */
let held: Promise<void>

/** Node has no workers of browsers: one that opens anything and runs nothing. */
class WebWorker {
  #hear: (event: { data: unknown }) => void = () => undefined
  #ended = false

  addEventListener(type: string, hear: (event: { data: unknown }) => void): void {
    if (type === 'message') this.#hear = hear
  }

  postMessage(request: Request): void {
    void this.#answer(request)
  }

  terminate(): void {
    this.#ended = true
  }

  async #answer(request: Request): Promise<void> {
    const { id, call, ask } = request as Extract<Request, { call: 'open' | 'load' }>
    const what = 'source' in ask ? (ask.source as { url: string }).url : ask.configuration.unit
    asked.push(what)
    if (call === 'load') await held
    await Promise.resolve()
    if (this.#ended) return
    const error = refusal(what)
    const answer = call === 'open' ? SUMMARY : { loadMs: {} }
    this.#hear({ data: error === undefined ? { id, answer } : { id, error } })
  }
}

beforeEach(() => {
  Object.assign(globalThis, { Worker: WebWorker })
  asked = []
  refusal = () => undefined
  held = Promise.resolve()
})

const workbench = () => new Workbench(new CrashMemory(null))
const open = (bench: Workbench, name: string) => bench.open({ kind: 'url', url: name }, name, () => undefined)

test('what a GPU refuses the CPU runs', async () => {
  refusal = (what) => (what === 'gpu' ? 'The GPU lacks memory.' : undefined)
  const bench = workbench()
  await open(bench, 'nano')
  assert.deepEqual(bench.opened?.configuration, CPU)
  assert.equal(bench.opened?.chosen, false)
})

test('what a person chose is not replaced by another', async () => {
  const bench = workbench()
  await open(bench, 'nano')
  refusal = (what) => (what === 'gpu' ? 'The GPU lacks memory.' : undefined)
  await assert.rejects(bench.configure(GPU, () => undefined), /The GPU lacks memory/)
})

test('what ended the app while it was loaded is known the next time, and comes last', async () => {
  const items = new Map<string, string>()
  const storage = {
    getItem: (name: string) => items.get(name) ?? null,
    setItem: (name: string, value: string) => void items.set(name, value),
    removeItem: (name: string) => void items.delete(name),
  }
  new CrashMemory(storage).begun(`${SUMMARY.manifestSha256} ${JSON.stringify(GPU)}`)
  const bench = new Workbench(new CrashMemory(storage))
  await open(bench, 'nano')
  assert.deepEqual(asked, ['nano', 'cpu'])
})

test('a bundle that is refused leaves the open one as it was', async () => {
  const bench = workbench()
  await open(bench, 'nano')
  const { engine, opened } = bench
  refusal = (what) => (what === 'other' ? 'manifest.json was altered.' : undefined)
  await assert.rejects(open(bench, 'other'), /manifest\.json was altered/)
  assert.equal(bench.engine, engine)
  assert.equal(bench.opened, opened)
})

test('a bundle that is opened while another loads takes its place, and of the other nothing more is loaded', async () => {
  const bench = workbench()
  let go = () => {}
  held = new Promise((resolve) => { go = resolve })
  const first = open(bench, 'first')
  await new Promise((resolve) => setTimeout(resolve))
  const second = open(bench, 'second')
  go()
  await Promise.all([first, second])
  assert.equal(bench.opened?.name, 'second')
  assert.deepEqual(asked, ['first', 'gpu', 'second', 'gpu'])
})
