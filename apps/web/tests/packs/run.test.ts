import assert from 'node:assert/strict'
import { test } from 'node:test'

import { strFromU8 } from 'fflate'

import { PackError } from '../../src/packs/manifest.ts'
import { openPack } from '../../src/packs/pack.ts'
import { timePack } from '../../src/packs/run.ts'
import { RunnerError } from '../../src/runners/graph_runner.ts'
import type { LoadGraph } from '../../src/runners/graph_runner.ts'
import { manifestOf, zipOf } from './packs.ts'

const always = async () => true

const packOf = (...names: string[]) => openPack({ kind: 'zip', file: zipOf(manifestOf(names)) })

/** Loads artefacts as kernels that take some ms and write down their names when they run; those of `broken` fail. */
function loader(broken: { readonly load?: string; readonly run?: string } = {}) {
  const log: string[] = []
  const held = new Set<string>()
  const load: LoadGraph = async (file, inputs) => {
    const name = strFromU8(file).at(-1)!
    if (name === broken.load) throw new RunnerError(`${name} does not load.`)
    held.add(name)
    const run = async () => {
      if (name === broken.run && log.length > 40) throw new RunnerError(`${name} does not run.`)
      log.push(name)
      const end = performance.now() + 2
      while (performance.now() < end);
    }
    return { inputs, outputs: [], run, prepared: () => run, release: async () => { held.delete(name) } }
  }
  return { load, log, held }
}

test('kernels of a group take turns, and all are freed', async () => {
  const { load, log, held } = loader()
  const { kernels, failures, stopped, total } = await timePack(await packOf('a', 'b'), load, 1, always)
  assert.deepEqual(Object.keys(kernels), ['a of the pack', 'b of the pack'])
  assert.deepEqual({ failures, stopped, total }, { failures: [], stopped: false, total: 2 })
  const turns = log.filter((name, place) => name !== log[place - 1])
  assert.ok(turns.length >= 10, `they ran in ${turns.length} turns`)
  assert.equal(held.size, 0)
})

test('a kernel that does not load is a failure, and the others go on', async () => {
  const { load } = loader({ load: 'a' })
  const { kernels, failures } = await timePack(await packOf('a', 'b'), load, 1, always)
  assert.deepEqual(Object.keys(kernels), ['b of the pack'])
  assert.deepEqual(failures, [{ key: 'a of the pack', reason: 'a does not load.' }])
})

test('a kernel that fails while it is timed has no time', async () => {
  const { load, held } = loader({ run: 'a' })
  const { kernels, failures } = await timePack(await packOf('a', 'b'), load, 1, always)
  assert.deepEqual(Object.keys(kernels), ['b of the pack'])
  assert.equal(failures[0]?.reason, 'a does not run.')
  assert.equal(held.size, 0)
})

test('where it is stopped it answers with what it has', async () => {
  const names = Array.from({ length: 20 }, (_, place) => String.fromCharCode(97 + place))
  const { load, held } = loader()
  const upTo = async (share: number) => share < 0.6
  const { kernels, stopped } = await timePack(await packOf(...names), load, 1, upTo)
  assert.ok(stopped)
  assert.equal(Object.keys(kernels).length, 16)
  assert.equal(held.size, 0)
})

test('progress rises from 0 to the end', async () => {
  const shares: number[] = []
  const heard = async (share: number) => shares.push(share) > 0
  await timePack(await packOf('a', 'b'), loader().load, 1, heard)
  assert.deepEqual(shares, shares.toSorted((one, other) => one - other))
  assert.ok(shares[0] === 0 && shares.at(-1)! > 0.8 && shares.at(-1)! <= 1)
})

test('what comes is said: which kernel is loaded, then which round it is, and of which kernels', async () => {
  const said: string[] = []
  const names = Array.from({ length: 17 }, (_, place) => String.fromCharCode(97 + place))
  await timePack(await packOf(...names), loader().load, 1, async (_, what) => said.push(what) > 0)
  assert.deepEqual(said.slice(14, 18), [
    'Loading kernel 15 of 17',
    'Loading kernel 16 of 17',
    'Round 1 of 5: kernels 1 to 16 of 17',
    'Round 2 of 5: kernels 1 to 16 of 17',
  ])
  assert.deepEqual(said.slice(21, 23), ['Loading kernel 17 of 17', 'Round 1 of 5: kernel 17 of 17'])
})

test('a pack of which no kernel gives a time is refused with why', async () => {
  await assert.rejects(timePack(await packOf('a'), loader({ load: 'a' }).load, 1, always), (error) => {
    assert.ok(error instanceof PackError)
    assert.match(error.message, /a does not load/)
    return true
  })
})
