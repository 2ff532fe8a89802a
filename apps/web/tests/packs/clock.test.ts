import assert from 'node:assert/strict'
import { test } from 'node:test'

import { clockStep, KernelClock } from '../../src/packs/clock.ts'

/** Work of about so many ms, which counts its runs. */
function busy(ms: number) {
  const run = async () => {
    run.runs++
    const end = performance.now() + ms
    while (performance.now() < end);
  }
  run.runs = 0
  return run
}

test('the clock has a step, and it is a small one', () => {
  assert.ok(clockStep() > 0)
  assert.ok(clockStep() < 5)
})

test('what takes longer than a block is timed run by run, with how runs vary', async () => {
  const run = busy(4)
  const clock = new KernelClock(run, 0.005)
  assert.equal(clock.times, null)
  await clock.warmUp()
  const before = run.runs
  await clock.round()
  const times = clock.times!
  assert.equal(times.warmup, before)
  assert.equal(times.n, run.runs - before)
  assert.ok(times.p50 >= 4 && times.p50 < 40)
  assert.ok(times.p99! >= times.p90!)
})

test('what is too short for the clock is timed in blocks, of which nobody knows how runs vary', async () => {
  const run = busy(0.02)
  const clock = new KernelClock(run, 0.1)
  await clock.warmUp()
  const before = run.runs
  await clock.round()
  const times = clock.times!
  assert.equal(times.n, run.runs - before)
  assert.ok(times.n > 100)
  assert.ok(times.p50 >= 0.02 && times.p50 < 2)
  assert.equal('p90' in times, false)
  assert.equal('std' in times, false)
})
