import assert from 'node:assert/strict'
import { test } from 'node:test'

import { artifactsFor, configurationsOf } from '../../src/bundle/configurations.ts'
import type { Manifest } from '../../src/bundle/manifest.ts'
import type { Browser } from '../../src/runners/browser.ts'
import { MANIFEST } from './bundles.ts'

const PLAIN: Browser = { gpu: false, threads: { onnx: 1, litert: 1 } }

/** A bundle in these formats, of which some are expected to take so many ms on a unit of its target. */
function bundleIn(
  formats: readonly string[],
  expected: Readonly<Record<string, readonly [string, number]>> = {},
): Manifest {
  const variants = formats.map((format) => ({ format, precision: 'fp32', delegate: null }))
  return {
    ...MANIFEST,
    target: { id: 'chrome_on_pixel8', name: 'Chrome on Pixel 8', platform: 'browser' },
    variants,
    artifacts: variants.flatMap((variant) => MANIFEST.artifacts.map((one) => ({
      ...one, ...variant, file: `${variant.format}/${one.graph}`,
    }))),
    latencies: variants.map((variant) => {
      const [unit, ms] = expected[variant.format] ?? ['cpu', null]
      const latency = ms === null ? null : { ms, low: ms / 2, high: ms * 2, method: 'kernel table' }
      return { ...variant, unit, latency }
    }),
  }
}

/** Runtime and unit of each configuration, in order */
const ways = (manifest: Manifest, browser: Browser) =>
  configurationsOf(manifest, browser).configurations.map(({ runtime, unit }) => `${runtime} ${unit}`)

test('of what a browser runs there is one configuration each, the faster runtime first', () => {
  assert.deepEqual(ways(bundleIn(['executorch', 'onnx', 'tflite']), PLAIN), ['litert cpu', 'onnx cpu'])
})

test('a GPU is used where there is one, by the runtime that can, and first', () => {
  assert.deepEqual(ways(bundleIn(['onnx', 'tflite']), { ...PLAIN, gpu: true }), ['onnx gpu', 'litert cpu', 'onnx cpu'])
})

test('what is expected to take least in the target is the default, and the reason says so', () => {
  const manifest = bundleIn(['onnx', 'tflite', 'executorch'], {
    onnx: ['cpu', 42.4], tflite: ['cpu', 80], executorch: ['cpu', 1],
  })
  assert.deepEqual(ways(manifest, PLAIN), ['onnx cpu', 'litert cpu'])
  assert.equal(
    configurationsOf(manifest, PLAIN).reason,
    'ONNX Runtime on the CPU in fp32, because it is expected to take least in Chrome on Pixel 8: 42.4 ms a frame.',
  )
})

test('what is expected of another platform says nothing of this one', () => {
  const manifest = { ...bundleIn(['onnx', 'tflite'], { onnx: ['cpu', 42.4] }), target: MANIFEST.target }
  assert.deepEqual(ways(manifest, PLAIN), ['litert cpu', 'onnx cpu'])
})

test('what is expected of one unit says nothing of another', () => {
  const manifest = bundleIn(['onnx', 'tflite'], { onnx: ['gpu', 5] })
  assert.deepEqual(ways(manifest, PLAIN), ['litert cpu', 'onnx cpu'])
  assert.deepEqual(ways(manifest, { ...PLAIN, gpu: true }), ['onnx gpu', 'litert cpu', 'onnx cpu'])
})

test('where nothing is expected the reason says that it is not known', () => {
  assert.equal(
    configurationsOf(bundleIn(['onnx']), PLAIN).reason,
    'ONNX Runtime on the CPU in fp32, because it mostly is the fastest of what this browser runs; ' +
      'what it takes here is not known.',
  )
})

test('threads are those that the runtime can have here, at most four, and one beside a GPU', () => {
  const threads = (browser: Browser) =>
    configurationsOf(bundleIn(['onnx', 'tflite']), browser).configurations.map((one) => one.threads)
  assert.deepEqual(threads(PLAIN), [1, 1])
  assert.deepEqual(threads({ gpu: false, threads: { onnx: 2, litert: 1 } }), [1, 2])
  assert.deepEqual(threads({ gpu: true, threads: { onnx: 16, litert: 16 } }), [1, 4, 4])
})

test('a bundle that the app cannot run is refused, with the formats that it can', () => {
  assert.throws(() => configurationsOf(bundleIn(['coreml', 'executorch']), PLAIN), {
    name: 'BundleError',
    message: 'The bundle has nothing that a browser runs; export the model with --format onnx --format tflite.',
  })
})

test('a configuration runs the files of its own format', () => {
  const manifest = bundleIn(['onnx', 'tflite'])
  const files = artifactsFor(manifest, { runtime: 'litert', precision: 'fp32', unit: 'cpu', threads: 1 })
  assert.equal(files.get('track_step')?.file, 'tflite/track_step')
  assert.equal(artifactsFor(manifest, { runtime: 'litert', precision: 'fp16', unit: 'cpu', threads: 1 }).size, 0)
})
