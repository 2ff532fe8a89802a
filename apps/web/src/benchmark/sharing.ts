/** Sends a result to a latency service, where the user said so and to where. */

import type { Report } from './report.ts'

/** A result that a service did not take, in one sentence. */
class SharingError extends Error {
  override readonly name = 'SharingError'
}

/**
 * Post it to an address that the user gave, after the user agreed; what is behind its # is the service's token. Throws
 * `SharingError`.
 */
export async function post({ text }: Report, given: string): Promise<void> {
  const [address = '', token] = given.split('#', 2)
  if (!/^https?:\/\//.test(address)) throw new SharingError('An address begins with https:// or http://.')
  let answer
  try {
    const headers = { 'Content-Type': 'application/json', ...(token ? { Authorization: `Bearer ${token}` } : {}) }
    answer = await fetch(address, { method: 'POST', headers, body: text })
  } catch {
    throw new SharingError(`${address} does not answer, or takes nothing from other pages; save the file instead.`)
  }
  if (!answer.ok) throw new SharingError(`${address} refused the result with status ${answer.status}.`)
}
