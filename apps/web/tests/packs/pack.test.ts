import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'

import { strToU8 } from 'fflate'

import { PackError, parsePack } from '../../src/packs/manifest.ts'
import { openPack } from '../../src/packs/pack.ts'
import { artefact, bytesOf, manifestOf, sha256, zipOf } from './packs.ts'

const MANIFEST = manifestOf(['a', 'b'])

test('a pack is opened with its name and its artefacts', async () => {
  const pack = await openPack({ kind: 'zip', file: zipOf(MANIFEST) })
  assert.equal(pack.sha256, sha256(bytesOf(MANIFEST)))
  assert.equal(pack.manifest.kernels.length, 2)
  assert.deepEqual(await pack.read(pack.manifest.kernels[1]!), artefact('b'))
})

test('a pack is opened from where a server has it', async () => {
  const zip = Buffer.from(await zipOf(MANIFEST).arrayBuffer())
  const asked: (string | undefined)[] = []
  const server = createServer(({ url }, response) => {
    asked.push(url)
    response.end(zip)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  try {
    const pack = await openPack({ kind: 'url', url: `http://127.0.0.1:${port}/packs/two%20kernels.zip` })
    assert.deepEqual(await pack.read(pack.manifest.kernels[1]!), artefact('b'))
  } finally {
    server.closeAllConnections()
    server.close()
  }
  assert.deepEqual(asked, ['/packs/two%20kernels.zip'])
})

test('an artefact that was altered is refused before any other is given away', async () => {
  const file = zipOf(MANIFEST, { 'kernels/b.tflite': strToU8('something else') })
  await assert.rejects(openPack({ kind: 'zip', file }), (error) => {
    assert.ok(error instanceof PackError)
    assert.match(error.message, /kernels\/b\.tflite is not what the manifest says/)
    return true
  })
})

test('a manifest that is none of a pack for browsers is refused with the place', () => {
  const refused = (changes: object, says: RegExp) =>
    assert.throws(() => parsePack(bytesOf({ ...MANIFEST, ...changes })), says)
  refused({ schema: 2 }, /schema should be 1/)
  refused({ runtime: 'coreml' }, /runtime should be tflite or onnx/)
  refused({ unit: 'gpu' }, /LiteRT runs on the CPU/)
  refused({ kernels: [] }, /kernels is empty/)
  const [first] = MANIFEST.kernels
  refused({ kernels: [{ ...first, file: '../elsewhere.tflite' }] }, /kernels\[0\]\.file/)
  refused({ kernels: [{ ...first, inputs: [{ name: 'x', shape: [2 ** 20, 2 ** 20], dtype: 'float32' }] }] }, /shape/)
  refused({ kernels: [{ ...first, inputs: [{ name: 'x', shape: [2], dtype: 'int64' }] }] }, /dtype/)
})

test('a bundle is said to be one, and where it is opened', () => {
  assert.throws(() => parsePack(bytesOf({ schema_version: 13, graphs: [] })), {
    name: 'PackError', message: 'This is a bundle, and no kernel pack: open it on the About screen.',
  })
})

test('what has no manifest is refused', () => {
  assert.throws(() => parsePack(strToU8('no JSON')), PackError)
})
