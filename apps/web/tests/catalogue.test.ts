import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'

import { catalogue } from '../src/catalogue.ts'

const NOTHING = { bundles: [], packs: [] }
const LISTED = { bundles: [{ name: 'nano', url: 'bundles/nano/' }], packs: [{ name: 'a.zip', url: 'packs/a.zip' }] }

/** What is offered by a server that answers this. */
async function offered(status: number, body: string) {
  const server = createServer((_, response) => { response.writeHead(status).end(body) }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    return await catalogue(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

test('a server offers what it lists', async () => {
  assert.deepEqual(await offered(200, JSON.stringify(LISTED)), LISTED)
})

test('what is no list offers nothing, as on a server that has only the app', async () => {
  const { packs } = LISTED
  for (const body of ['<html>', '{}', JSON.stringify({ bundles: 'nano', packs }), JSON.stringify({ bundles: [{}], packs })]) {
    assert.deepEqual(await offered(200, body), NOTHING)
  }
  assert.deepEqual(await offered(404, JSON.stringify(LISTED)), NOTHING)
})
