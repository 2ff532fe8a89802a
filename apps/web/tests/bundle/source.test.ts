import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { strToU8, zipSync } from 'fflate'

import { MANIFEST_BYTES } from '../../src/bundle/limits.ts'
import { openSource } from '../../src/bundle/source.ts'
import type { Source } from '../../src/bundle/source.ts'
import { bytesOf } from './bundles.ts'

const refusal = (message: RegExp) => ({ name: 'SourceError', message })

/** Run `use` with the source below a server that answers as `answer` does. */
async function served(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  use: (source: Source, url: string) => Promise<void>,
): Promise<void> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/bundles/nano`
  try {
    await use(await openSource({ kind: 'url', url }), url)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

/** More than anybody should read: who does breaks off there, and fills no memory meanwhile */
const ENDLESS = 200e6

/** Send a body whose end nobody should see, and note how much of it went out. */
function endless(response: ServerResponse, sent: { bytes: number }): void {
  const chunk = Buffer.alloc(64 * 1024, ' ')
  const send = () => {
    while (sent.bytes < ENDLESS) {
      sent.bytes += chunk.length
      if (!response.write(chunk)) return
    }
    response.destroy()
  }
  response.on('drain', send)
  send()
}

test('a file is read from below a URL', async () => {
  const asked: (string | undefined)[] = []
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    asked.push(request.url)
    response.end('content')
  }
  await served(answer, async (source) => {
    assert.deepEqual(await source.read('onnx/track_step.onnx', 7), bytesOf('content'))
  })
  assert.deepEqual(asked, ['/bundles/nano/onnx/track_step.onnx'])
})

test('a path does not lead away from the URL, whatever it looks like', async () => {
  const asked: (string | undefined)[] = []
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    asked.push(request.url)
    response.end()
  }
  await served(answer, async (source) => {
    for (const path of ['%2e%2e/secret', 'data:text/plain,x', 'a?b#c']) await source.read(path, 9)
  })
  assert.deepEqual(asked.map((url) => url?.startsWith('/bundles/nano/') && !url.includes('?')), [true, true, true])
})

test('a file that the server lacks is refused by name, and its other answers by their status', async () => {
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(request.url?.endsWith('gone') ? 404 : 500).end()
  }
  await served(answer, async (source, url) => {
    const sentence = new RegExp(`^${url}/ lacks gone; choose one that is whole\\.$`)
    await assert.rejects(source.read('gone', 9), refusal(sentence))
    await assert.rejects(source.read('other', 9), refusal(/other answers with status 500; try later\.$/))
  })
})

test('a server that does not answer is named', async () => {
  const source = await openSource({ kind: 'url', url: 'http://127.0.0.1:1/x' })
  await assert.rejects(source.read('a', 9), refusal(/^http:\/\/127\.0\.0\.1:1\/x\/a does not answer; check/))
})

const LIES: Record<string, Record<string, string>> = {
  'of 10 GB that says so': { 'Content-Length': '10000000000' },
  'that does not say how large it is': {},
}

test('a manifest of 10 GB is refused before it is read', async () => {
  for (const [what, headers] of Object.entries(LIES)) {
    const sent = { bytes: 0 }
    const answer = (_: IncomingMessage, response: ServerResponse) => endless(response.writeHead(200, headers), sent)
    await served(answer, async (source) => {
      const sentence = /^manifest\.json has more than the 8388608 bytes/
      await assert.rejects(source.read('manifest.json', MANIFEST_BYTES), refusal(sentence))
    })
    assert.ok(sent.bytes < 40e6, `of a file ${what} ${sent.bytes} bytes were sent`)
  }
})

test('a small body that decompresses to a large one is refused', async () => {
  const body = gzipSync(Buffer.alloc(50e6))
  const answer = (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Length': body.length }).end(body)
  }
  await served(answer, async (source) => {
    assert.ok(body.length < 100_000)
    await assert.rejects(source.read('manifest.json', 100_000), refusal(/more than the 100000 bytes/))
  })
})

test('a body that breaks off is told from one that is whole', async () => {
  const answer = (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(200, { 'Content-Length': '100' })
    response.write('the beginning', () => response.destroy())
  }
  await served(answer, async (source) => {
    await assert.rejects(source.read('a', 100), refusal(/^a stopped arriving after 13 bytes; try again\.$/))
  })
})

const chosen = (...paths: string[]) =>
  openSource({ kind: 'files', files: paths.map((path) => ({ path, file: new File([path], 'file') })) })

test('files are read from a folder that was chosen, with or without its name', async () => {
  for (const source of [await chosen('nano/manifest.json', 'nano/onnx/a'), await chosen('manifest.json', 'onnx/a')]) {
    assert.match(new TextDecoder().decode(await source.read('onnx/a', 99)), /onnx\/a$/)
  }
})

test('of several folders the outermost that has a manifest is the bundle', async () => {
  const source = await chosen('all/nano/old/manifest.json', 'all/nano/manifest.json')
  assert.deepEqual(await source.read('manifest.json', 99), bytesOf('all/nano/manifest.json'))
})

test('files that are no bundle are refused', async () => {
  await assert.rejects(chosen('photo.jpg'), refusal(/^There is no manifest\.json in what was chosen; choose all of a/))
})

test('a chosen file that is missing or too large is refused', async () => {
  const source = await chosen('nano/manifest.json')
  await assert.rejects(source.read('onnx/a', 99), refusal(/^nano\/ lacks onnx\/a/))
  await assert.rejects(source.read('manifest.json', 17), refusal(/^manifest\.json has more than the 17 bytes/))
})

const zipOf = (files: Record<string, string>, level: 0 | 6 = 6) =>
  zipSync(Object.fromEntries(Object.entries(files).map(([path, text]) => [path, strToU8(text)])), { level })

const zipped = (bytes: Uint8Array<ArrayBuffer>) => openSource({ kind: 'zip', file: new File([bytes], 'nano.zip') })

test('files are read from a zip, compressed or stored', async () => {
  for (const level of [0, 6] as const) {
    const source = await zipped(zipOf({ 'nano/manifest.json': '{}', 'nano/onnx/a': 'graph '.repeat(99) }, level))
    assert.deepEqual(await source.read('onnx/a', 594), bytesOf('graph '.repeat(99)))
  }
})

test('a file of a zip that is missing is refused, and one that is too large before it is unpacked', async () => {
  const source = await zipped(zipOf({ 'manifest.json': ' '.repeat(1e6) }))
  await assert.rejects(source.read('a', 9), refusal(/^nano\.zip lacks a/))
  await assert.rejects(source.read('manifest.json', 999_999), refusal(/more than the 999999 bytes/))
})

test('a file of a zip that says it is small gives no more than it says', async () => {
  const zip = zipOf({ 'manifest.json': ' '.repeat(1e6) })
  const view = new DataView(zip.buffer, zip.byteOffset)
  const entry = zip.length - 22 - 46 - 'manifest.json'.length
  assert.equal(view.getUint32(entry + 24, true), 1e6) // the central directory's size of the file
  view.setUint32(entry + 24, 10, true)
  const source = await zipped(zip)
  assert.ok((await source.read('manifest.json', 10).catch(() => new Uint8Array())).length <= 10)
})

test('what is no zip is refused', async () => {
  await assert.rejects(zipped(bytesOf('not a zip')), refusal(/^nano\.zip is no zip, or is damaged; choose the zip/))
  await assert.rejects(zipped(zipOf({ 'photo.jpg': '' })), refusal(/no manifest\.json/))
})
