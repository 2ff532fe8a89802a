import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'

import { post } from '../../src/benchmark/sharing.ts'

const REPORT = { name: 'a.json', text: '{"schema": 1}\n' }

const refusal = (message: RegExp) => ({ name: 'SharingError', message })

/** What a service that answers with `status` is sent, and its address; `use` posts. */
async function sent(status: number, use: (address: string) => Promise<void>): Promise<string[]> {
  const posts: string[] = []
  const server = createServer(async (request, response) => {
    posts.push(`${request.method} ${request.headers['content-type']} ${await text(request)}`)
    response.writeHead(status).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/measurements`)
  } finally {
    server.closeAllConnections()
    server.close()
  }
  return posts
}

test('a result is sent once, as it would be saved', async () => {
  const posts = await sent(201, (address) => post(REPORT, address))
  assert.deepEqual(posts, [`POST application/json ${REPORT.text}`])
})

test('a service that refuses is named with its status', async () => {
  await sent(422, async (address) => {
    await assert.rejects(post(REPORT, address), refusal(/measurements refused the result with status 422\.$/))
  })
})

test('a service that does not answer is named, and the way out', async () => {
  await assert.rejects(post(REPORT, 'http://127.0.0.1:1/'), refusal(/^http:\/\/127\.0\.0\.1:1\/ does not.*save the file/))
})

test('what is no address is sent nothing', async () => {
  await assert.rejects(post(REPORT, 'latency.example'), refusal(/begins with https/))
})
