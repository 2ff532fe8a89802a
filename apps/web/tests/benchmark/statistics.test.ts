import assert from 'node:assert/strict'
import { test } from 'node:test'

import { medians, percentile, timesOf } from '../../src/benchmark/statistics.ts'

test('percentiles lie between the two nearest values in proportion', () => {
  assert.equal(percentile([1, 2, 3, 4], 0.5), 2.5)
  assert.ok(Math.abs(percentile([1, 2, 3, 4], 0.9) - 3.7) < 1e-12)
  assert.equal(percentile([7], 0.99), 7)
})

test('times are summed up whatever order they came in', () => {
  const { p50, mean, std, n } = timesOf([30, 10, 20])
  assert.deepEqual({ p50, mean, n }, { p50: 20, mean: 20, n: 3 })
  assert.ok(Math.abs(std - Math.sqrt(200 / 3)) < 1e-9)
})

test('one slow run moves the mean, and not the median', () => {
  const { p50, mean } = timesOf([10, 10, 10, 10, 1000])
  assert.equal(p50, 10)
  assert.equal(mean, 208)
})

test('what gets slower shows in the medians of its periods', () => {
  assert.deepEqual(medians([10, 10, 10, 20, 20, 40, 40], 30), [10, 20, 40, 40])
  assert.deepEqual(medians([10, 10, 10, 5, 5], 30), [10], 'less than a half is no period')
  assert.deepEqual(medians([5], 30), [5], 'unless it is all that there is')
})

test('of nothing there are no times', () => {
  assert.throws(() => timesOf([]), RangeError)
})
