import assert from 'node:assert/strict'
import { test } from 'node:test'

import { sha256 } from '../../src/bundle/checksum.ts'
import { bytesOf } from './bundles.ts'

/** The examples of FIPS 180-2, appendix B, with the empty message of NIST's test vectors */
const EXAMPLES = new Map([
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
  ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
])

for (const [way, subtle] of [['by the browser', crypto.subtle], ['without it', undefined]] as const) {
  test(`SHA-256 is that of FIPS 180, ${way}`, async () => {
    for (const [message, digest] of EXAMPLES) assert.equal(await sha256(bytesOf(message), subtle), digest)
  })

  test(`a part of a buffer has the checksum of that part, ${way}`, async () => {
    assert.equal(await sha256(bytesOf('xabcx').subarray(1, 4), subtle), EXAMPLES.get('abc'))
  })
}
