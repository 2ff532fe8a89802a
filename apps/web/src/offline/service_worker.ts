/**
 * Answers for the app when there is no network. The app's own files are kept from the first load on, the runtimes and
 * the files of bundles from when they were first used.
 *
 * The page and lists are asked of the network first. Files whose names or addresses change with their content are taken
 * from where they are kept: those of the build by the hash in their names, those of a bundle by their checksum.
 */

export {}

declare const self: ServiceWorkerGlobalScope
/** Put here by the build (`service_worker.plugin.ts`): the app's files without the runtimes', and all of them */
declare const SHELL_FILES: readonly string[]
declare const BUILT_FILES: readonly string[]

const APP = 'app'
const BUNDLES = 'bundles'

self.addEventListener('install', (event) => {
  event.waitUntil(install())
})

self.addEventListener('activate', (event) => {
  event.waitUntil(activate())
})

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url)
  if (event.request.method !== 'GET' || url.origin !== self.location.origin) return
  if (url.searchParams.has('sha256')) event.respondWith(kept(event.request, BUNDLES))
  else if (url.pathname.includes('/assets/')) event.respondWith(kept(event.request, APP))
  else if (!url.pathname.includes('/packs/')) event.respondWith(fresh(event.request))
})

async function install(): Promise<void> {
  const cache = await caches.open(APP)
  // Past the browser's own cache, which may have a page of the build before.
  await cache.addAll(SHELL_FILES.map((file) => new Request(file, { cache: 'reload' })))
  await self.skipWaiting()
}

/** Files of the build before go, but for those that this build has, too. */
async function activate(): Promise<void> {
  const cache = await caches.open(APP)
  const built = new Set(BUILT_FILES.map((file) => new URL(file, self.registration.scope).href))
  for (const request of await cache.keys()) if (!built.has(request.url)) await cache.delete(request)
  await self.clients.claim()
}

/** From where it is kept, or else from the network, and then kept. */
async function kept(request: Request, name: string): Promise<Response> {
  const cache = await caches.open(name)
  const found = await cache.match(request.url)
  if (found !== undefined) return found
  const response = await fetch(request)
  if (response.status === 200) await keep(cache, request, response.clone())
  return response
}

/** From the network, or else as it was the last time. */
async function fresh(request: Request): Promise<Response> {
  const name = request.url.includes('/bundles/') || request.url.endsWith('/bundles.json') ? BUNDLES : APP
  const cache = await caches.open(name)
  try {
    const response = await fetch(request)
    if (response.status === 200) await keep(cache, request, response.clone())
    return response
  } catch (error) {
    const found = await cache.match(request.url, { ignoreSearch: true })
    if (found !== undefined) return found
    throw error
  }
}

/** A file takes the place of others of its path. Where there is no room it is not kept, and the app goes on. */
async function keep(cache: Cache, request: Request, response: Response): Promise<void> {
  try {
    const before = await cache.keys(request.url, { ignoreSearch: true })
    await cache.put(request.url, response)
    for (const other of before) if (other.url !== request.url) await cache.delete(other)
  } catch {
    await response.body?.cancel()
  }
}
