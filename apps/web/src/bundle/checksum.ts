/** SHA-256 as `sha256sum` writes it: by the browser where it offers that, which over plain HTTP it does not. */

import { sha256 as computed } from '@noble/hashes/sha2.js'

/** Of `bytes`, in hexadecimal. `subtle` is the browser's own, undefined where the page is no secure context. */
export async function sha256(
  bytes: Uint8Array<ArrayBuffer>,
  subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle,
): Promise<string> {
  const digest = subtle === undefined ? computed(bytes) : new Uint8Array(await subtle.digest('SHA-256', bytes))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
