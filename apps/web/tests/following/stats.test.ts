/** What is said of speed, from times that are known. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Stats } from '../../src/following/stats.ts'

function run(stats: Stats, from: number, ...frames: readonly number[]): void {
  let shown = from
  for (const ms of frames) {
    stats.add({ taken: shown, begun: shown, shown: shown + ms, graphs: { encode_image: ms / 2 }, dropped: 1 })
    shown += ms
  }
}

test('the rate is that of the masks shown', () => {
  const stats = new Stats()
  run(stats, 0, 100, 100, 100, 100, 100)
  const { fps, frame, graphs, dropped, followed } = stats.summary()
  assert.equal(fps, 10)
  assert.deepEqual(frame, { p50: 100, p90: 100 })
  assert.deepEqual(graphs, { encode_image: { p50: 50, p90: 50 } })
  assert.deepEqual([dropped, followed], [5, 5])
})

test('a break is no slow frame', () => {
  const stats = new Stats()
  run(stats, 0, 100, 100)
  run(stats, 60_000, 50, 50, 50)
  assert.equal(stats.summary().fps, 20)
  assert.equal(stats.summary().dropped, 5)
})

test('a model that takes seconds for a frame has a rate', () => {
  const stats = new Stats()
  run(stats, 0, 4000, 4000, 4000)
  assert.equal(stats.summary().fps, 0.25)
})

test('the time that a picture waits for its turn is not that of a frame', () => {
  const stats = new Stats()
  stats.add({ taken: 0, begun: 150, shown: 350, graphs: {}, dropped: 0 })
  assert.deepEqual(stats.summary().frame, { p50: 200, p90: 200 })
})

test('a graph that ran in some frames only is described by those', () => {
  const stats = new Stats()
  stats.add({ taken: 0, begun: 0, shown: 30, graphs: { encode_image: 10, prompt_points: 7 }, dropped: 0 })
  stats.add({ taken: 30, begun: 30, shown: 60, graphs: { encode_image: 10, track_step: 12 }, dropped: 0 })
  assert.deepEqual(stats.summary().graphs.prompt_points, { p50: 7, p90: 7 })
})

test('only the last frames count', () => {
  const stats = new Stats()
  run(stats, 0, ...Array<number>(90).fill(100), ...Array<number>(90).fill(20))
  assert.deepEqual(stats.summary().frame, { p50: 20, p90: 20 })
  assert.equal(stats.frames.length, 90)
})

test('without frames nothing is said', () => {
  assert.deepEqual(new Stats().summary(), { fps: null, frame: null, graphs: {}, dropped: 0, followed: 0 })
})
