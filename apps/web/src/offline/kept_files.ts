/**
 * Files of bundles, kept for when there is no network; the service worker answers with them. Only what was read whole
 * and found to be right is kept, by whoever read it. Where the browser has no room, or allows none to be kept, the app
 * goes on without.
 */

const NAME = 'bundles'

/** Keep what is at an address, in place of others of its path: those are of another build of the bundle. */
export async function keep(url: string, content: Uint8Array<ArrayBuffer>): Promise<void> {
  await tried(async (cache) => {
    const request = new Request(url)
    const before = await cache.keys(request, { ignoreSearch: true })
    // Under its checksum it is there as it is.
    if (url.includes('?sha256=') && before.some((other) => other.url === request.url)) return
    await cache.put(request, new Response(content))
    for (const other of before) if (other.url !== request.url) await cache.delete(other)
  })
}

/** Of all that is kept, keep only what is at or below these addresses. */
export async function keepOnly(urls: readonly string[]): Promise<void> {
  await tried(async (cache) => {
    const unwanted = (await cache.keys()).filter((kept) => !urls.some((url) => kept.url.startsWith(url)))
    for (const kept of unwanted) await cache.delete(kept)
  })
}

async function tried(work: (cache: Cache) => Promise<void>): Promise<void> {
  try {
    await work(await caches.open(NAME))
  } catch {
    // What is not kept is fetched again.
  }
}
