import assert from 'node:assert/strict'
import { test } from 'node:test'

import { openBundle } from '../../src/bundle/bundle.ts'
import { openSource } from '../../src/bundle/source.ts'
import { bundleFiles, bytesOf, manifestBytes } from './bundles.ts'

const opened = async (files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>) => {
  const given = [...files].map(([path, bytes]) => ({ path: `nano/${path}`, file: new File([bytes], path) }))
  return openBundle(await openSource({ kind: 'files', files: given }))
}

/** A file with another last byte. */
function altered(files: Map<string, Uint8Array<ArrayBuffer>>, path: string): Map<string, Uint8Array<ArrayBuffer>> {
  const bytes = Uint8Array.from(files.get(path)!)
  bytes[bytes.length - 1]! ^= 1
  return files.set(path, bytes)
}

test('a bundle gives its files', async () => {
  const bundle = await opened(bundleFiles())
  assert.deepEqual(await bundle.read('onnx/track_step.onnx'), bytesOf('the graph track_step'))
  assert.match(bundle.manifestSha256, /^[0-9a-f]{64}$/)
})

test('a file with an altered byte is not given away', async () => {
  for (const path of ['onnx/track_step.onnx', 'vectors/sequence.safetensors', 'report.html']) {
    const bundle = await opened(altered(bundleFiles(), path))
    await assert.rejects(bundle.read(path), {
      name: 'BundleError',
      message: `${path} was altered after export; export the model again.`,
    })
    assert.ok(await bundle.read('onnx/encode_image.onnx'), 'others are')
  }
})

test('a file that is longer or shorter than listed is not given away', async () => {
  const path = 'onnx/track_step.onnx'
  const longer = await opened(bundleFiles().set(path, bytesOf('the graph track_step!')))
  await assert.rejects(longer.read(path), /onnx\/track_step\.onnx has more than the 20 bytes/)
  const shorter = await opened(bundleFiles().set(path, bytesOf('the graph')))
  await assert.rejects(shorter.read(path), /was altered after export/)
})

test('a file that is missing is named', async () => {
  const files = bundleFiles()
  files.delete('onnx/track_step.onnx')
  await assert.rejects((await opened(files)).read('onnx/track_step.onnx'), /lacks onnx\/track_step\.onnx/)
})

test('a file that the manifest does not list is not read, though it is there', async () => {
  const bundle = await opened(bundleFiles().set('extra', bytesOf('x')))
  await assert.rejects(bundle.read('extra'), /The bundle does not list extra/)
})

test('a manifest that was altered, and is still one, is refused by SHA256SUMS', async () => {
  const trained = manifestBytes((manifest) => ({ ...manifest, weights: { kind: 'hub', trained: true, card: null } }))
  await assert.rejects(opened(bundleFiles().set('manifest.json', trained)), {
    name: 'BundleError',
    message: 'manifest.json and SHA256SUMS do not agree, so one was altered; export the model again.',
  })
  assert.equal((await opened(bundleFiles(trained))).manifest.weights.trained, true)
})

test('a file that no browser holds is refused by the size that is listed', async () => {
  const huge = manifestBytes((manifest) => ({
    ...manifest,
    files: manifest.files.map((file) => (file.path === 'report.html' ? { ...file, bytes: 2 ** 40 } : file)),
  }))
  const bundle = await opened(bundleFiles(huge))
  await assert.rejects(bundle.read('report.html'), /1099511627776 bytes, which no browser holds/)
})
