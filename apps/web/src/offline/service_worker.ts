/**
 * Answers for the app when there is no network: with the app's own files, which are kept here, and with those of
 * bundles, which are kept by whoever found them to be right (`kept_files.ts`).
 *
 * Files whose addresses change with their content are taken from where they are kept: those of the build have a hash in
 * their names, those of a bundle their checksum in the address. All others are asked of the network first.
 */

export {}

declare const self: ServiceWorkerGlobalScope
/** Put here by the build (`service_worker.plugin.ts`): the app's files without the runtimes', and all of them */
declare const SHELL_FILES: readonly string[]
declare const BUILT_FILES: readonly string[]

const APP = 'app'
const BUILT = new Set(BUILT_FILES.map((file) => new URL(file, self.registration.scope).href))

/** ms that the network has for an answer where there is a kept one: a device that has left it waits for a minute. */
const PATIENCE = 3000

self.addEventListener('install', (event) => {
  event.waitUntil(install())
})

self.addEventListener('activate', (event) => {
  event.waitUntil(activate())
})

self.addEventListener('fetch', (event) => {
  const { method, url } = event.request
  const { origin, pathname, searchParams } = new URL(url)
  if (method !== 'GET' || origin !== self.location.origin || pathname.includes('/packs/')) return
  const unchanging = pathname.includes('/assets/') || searchParams.has('sha256')
  event.respondWith(unchanging ? kept(event) : fresh(event.request))
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
  for (const request of await cache.keys()) if (!BUILT.has(request.url)) await cache.delete(request)
  await self.clients.claim()
}

/** From where it is kept, or else from the network. A runtime is kept then, for which the page does not wait. */
async function kept(event: FetchEvent): Promise<Response> {
  const { request } = event
  const found = await caches.match(request.url)
  if (found !== undefined) return found
  const response = await fetch(request)
  if (response.status === 200 && BUILT.has(request.url)) event.waitUntil(keep(request.url, response.clone()))
  return response
}

/** Where there is no room it is not kept, and the app goes on. */
async function keep(url: string, response: Response): Promise<void> {
  const cache = await caches.open(APP)
  await cache.put(url, response).catch(() => undefined)
}

/** From the network, or else as it was the last time. */
async function fresh(request: Request): Promise<Response> {
  const answer = fetch(request)
  const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), PATIENCE))
  const inTime = await Promise.race([answer.catch(() => undefined), late])
  return inTime ?? (await caches.match(request.url, { ignoreSearch: true })) ?? answer
}
