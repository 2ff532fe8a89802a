import assert from 'node:assert/strict'
import { test } from 'node:test'

import { benchmarkReport, packReport } from '../../src/benchmark/report.ts'
import type { BenchmarkResult, PackResult } from '../../src/benchmark/result.ts'

const ABOUT = {
  device: { model: 'Pixel 8', os: 'Android 14', browser: 'Chrome 140' },
  battery: { start: { level: 0.8, charging: false }, end: { level: 0.79, charging: false } },
}
const TIMES = { p50: 20, p90: 22, p99: 25, mean: 20.123456789, std: 1, n: 50 }
const BENCHMARK: BenchmarkResult = {
  configuration: { runtime: 'litert', unit: 'cpu', precision: 'fp32', threads: 4 },
  warmup: 5,
  graphs: { encode_image: { ...TIMES, firstMs: 80, loadMs: 120 } },
  resize: { ...TIMES, p50: 1 },
  e2e: { fps: 45, p50: 21, p90: 24 },
  halfMinutes: [20, 25],
  seconds: 60.012345,
  stopped: false,
  selfTest: null,
  startedAt: '2026-11-27T08:00:00.000Z',
}
const PACK: PackResult = {
  packSha256: 'a'.repeat(64),
  runtime: 'onnx',
  unit: 'gpu',
  precision: 'fp32',
  threads: 1,
  kernels: { key: { p50: 0.5, mean: 0.5, n: 160, warmup: 21 } },
  failures: [{ key: 'other', reason: 'It did not load.' }],
  total: 2,
  stopped: true,
  seconds: 95,
  startedAt: '2026-11-27T08:00:00.000Z',
}

const parsed = (report: { text: string }) => JSON.parse(report.text)

test('a benchmark has the graphs alone among the graphs', () => {
  const { graphs, stages, e2e } = parsed(benchmarkReport(BENCHMARK, 'b'.repeat(64), ABOUT))
  assert.deepEqual(Object.keys(graphs), ['encode_image'])
  assert.equal(graphs.encode_image.first_ms, 80)
  assert.equal(graphs.encode_image.mean, 20.1235)
  assert.equal(stages.resize.p50, 1)
  assert.equal(e2e.fps, 45)
})

test('a result says which browser ran which runtime, as no native runtime does', () => {
  const report = parsed(benchmarkReport(BENCHMARK, 'b'.repeat(64), ABOUT))
  assert.equal(report.backend, 'tflite')
  assert.match(report.backend_version, /^LiteRT\.js \d/)
  assert.equal(report.delegate, 'webassembly')
  assert.equal(report.device.browser, 'Chrome 140')
  assert.equal(report.method, 'web app in Chrome 140')
})

test('what a device does not tell is null', () => {
  const report = parsed(benchmarkReport(BENCHMARK, 'b'.repeat(64), { ...ABOUT, battery: { start: null, end: null } }))
  assert.deepEqual(report.thermal, { start: null, end: null, samples: [] })
  assert.equal(report.battery.start, null)
  assert.equal(report.selftest, null)
})

test('a result says how long it ran, whether it was stopped, and how it slowed down', () => {
  const { seconds, stopped, e2e } = parsed(benchmarkReport(BENCHMARK, 'b'.repeat(64), ABOUT))
  assert.deepEqual([seconds, stopped, e2e.p50_of_half_minutes], [60.0123, false, [20, 25]])
  const pack = parsed(packReport(PACK, ABOUT))
  assert.deepEqual([pack.seconds, pack.stopped], [95, true])
})

test('a self-test that was stopped proves nothing', () => {
  const selfTest = { pass: true, iou: 1, maxAbs: 1e-5, frames: 3, stopped: true, detail: '' }
  assert.equal(parsed(benchmarkReport({ ...BENCHMARK, selfTest }, 'b'.repeat(64), ABOUT)).selftest, null)
  const whole = { ...selfTest, stopped: false }
  assert.deepEqual(parsed(benchmarkReport({ ...BENCHMARK, selfTest: whole }, 'b'.repeat(64), ABOUT)).selftest, {
    pass: true, iou: 1, max_abs: 1e-5,
  })
})

test('a pack has its kernels by their keys, and what failed beside them', () => {
  const report = parsed(packReport(PACK, ABOUT))
  assert.deepEqual(report.kernels, PACK.kernels)
  assert.deepEqual(report.failures, PACK.failures)
  assert.equal(report.delegate, 'webgpu')
  assert.equal(report.threads, null)
})

test('a file is named after what was measured, where and when', () => {
  assert.equal(packReport(PACK, ABOUT).name, 'vitexport-kernels-pixel-8-2026-11-27t08-00.json')
})
