/**
 * Where the files of a bundle or a kernel pack come from: below a URL, chosen by the user, or in a zip. However large a
 * file is, no more of it is read than the caller takes; whatever a path is, it stays within the source.
 */

import { unzipSync } from 'fflate'
import type { UnzipFileInfo } from 'fflate'
import { keep } from '../offline/kept_files.ts'
import { FILES, ZIP_BYTES } from './limits.ts'

/** Where a bundle or a kernel pack is: below a URL, or in files that the user chose (a zip, or a folder's files) */
export type SourceRequest =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'files'; readonly files: readonly { readonly path: string; readonly file: File }[] }
  | { readonly kind: 'zip'; readonly file: File }

export interface Source {
  /**
   * The bytes of a file, at most `most`. A server is asked for the file of this SHA-256, so that none of another build
   * is taken for it where files are kept. Throws `SourceError` for a larger file, and for one that is missing.
   */
  read(path: string, most: number, sha256?: string): Promise<Uint8Array<ArrayBuffer>>
  /** Of a server, which may be out of reach the next time: have at hand what was read and found to be right. */
  keep?(path: string, content: Uint8Array<ArrayBuffer>, sha256?: string): Promise<void>
}

/** A file that cannot be had, in one sentence. */
export class SourceError extends Error {
  override readonly name = 'SourceError'
}

/** Throws `SourceError` for files that are no bundle, and for a zip that is none. */
export async function openSource(request: SourceRequest): Promise<Source> {
  switch (request.kind) {
    case 'url':
      return below(request.url)
    case 'files':
      return chosen(request.files)
    case 'zip':
      return zipped(request.file)
  }
}

/** The file that every bundle and every kernel pack has, and which says what else there is */
const MANIFEST = 'manifest.json'

function below(url: string): Source {
  const folder = url.endsWith('/') ? url : `${url}/`
  const address = (path: string, sha256?: string) => {
    const file = folder + path.split('/').map(encodeURIComponent).join('/')
    return sha256 === undefined ? file : `${file}?sha256=${sha256}`
  }
  return {
    async read(path, most, sha256) {
      const response = await answer(address(path, sha256))
      if (response.status === 404) throw missing(path, folder)
      if (!response.ok) throw new SourceError(`${response.url} answers with status ${response.status}; try later.`)
      return bounded(response.body, most, path)
    },
    keep: (path, content, sha256) => keep(address(path, sha256), content),
  }
}

async function answer(url: string): Promise<Response> {
  try {
    return await fetch(url)
  } catch {
    throw new SourceError(`${url} does not answer; check that its server runs and that this device is online.`)
  }
}

/**
 * All of a body, unless it is too large. What its header says of its size is not asked: it may be missing or a lie, and
 * is that of the compressed body where there is one.
 */
async function bounded(
  body: ReadableStream<Uint8Array> | null,
  most: number,
  path: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  const reader = body?.getReader()
  try {
    for (let next = await reader?.read(); next !== undefined && !next.done; next = await reader?.read()) {
      bytes += next.value.length
      if (bytes > most) throw tooLarge(path, most)
      chunks.push(next.value)
    }
  } catch (error) {
    if (error instanceof SourceError) throw error
    throw new SourceError(`${path} stopped arriving after ${bytes} bytes; try again.`)
  } finally {
    await reader?.cancel().catch(() => undefined) // of a connection that broke there is nothing to cancel
  }
  const whole = new Uint8Array(bytes)
  let place = 0
  for (const chunk of chunks) {
    whole.set(chunk, place)
    place += chunk.length
  }
  return whole
}

function chosen(given: readonly { readonly path: string; readonly file: File }[]): Source {
  if (given.length > FILES) throw new SourceError(`These are ${given.length} files; choose the folder of one bundle.`)
  const files = new Map(given.map(({ path, file }) => [path, file]))
  const folder = folderOf([...files.keys()])
  return {
    async read(path, most) {
      const file = files.get(folder + path)
      if (file === undefined) throw missing(path, folder || 'What was chosen')
      if (file.size > most) throw tooLarge(path, most)
      return new Uint8Array(await file.arrayBuffer())
    },
  }
}

async function zipped(file: File): Promise<Source> {
  if (file.size > ZIP_BYTES) {
    throw new SourceError(`${file.name} has more than ${ZIP_BYTES} bytes, which no browser holds; choose a smaller one.`)
  }
  const archive = new Uint8Array(await file.arrayBuffer())
  const names: string[] = []
  unzip(file.name, archive, ({ name }) => {
    names.push(name)
    if (names.length > FILES) throw new SourceError(`${file.name} has more than ${FILES} files; choose a smaller zip.`)
    return false
  })
  const folder = folderOf(names)
  return {
    async read(path, most) {
      const found = unzip(file.name, archive, ({ name, size, originalSize, compression }) => {
        if (name !== folder + path) return false
        // a file that is stored is as large as it is in the zip, whatever else is said of it
        if ((compression === 0 ? size : originalSize) > most) throw tooLarge(path, most)
        return true
      })
      const bytes = found[folder + path]
      if (bytes === undefined) throw missing(path, file.name)
      return bytes
    },
  }
}

function unzip(
  name: string,
  archive: Uint8Array,
  filter: (file: UnzipFileInfo) => boolean,
): Record<string, Uint8Array<ArrayBuffer>> {
  try {
    return unzipSync(archive, { filter })
  } catch (error) {
    if (error instanceof SourceError) throw error
    throw new SourceError(`${name} is no zip, or is damaged; choose the zip of a whole folder.`)
  }
}

/** What comes before the manifest's name, since whoever chooses a folder, or zips one, gives its name with it */
function folderOf(paths: readonly string[]): string {
  const folders = paths
    .filter((path) => path === MANIFEST || path.endsWith(`/${MANIFEST}`))
    .map((path) => path.slice(0, -MANIFEST.length))
    .toSorted((one, other) => one.split('/').length - other.split('/').length)
  const [outermost] = folders
  if (outermost === undefined) {
    throw new SourceError(`There is no ${MANIFEST} in what was chosen; choose all of a bundle, or of a kernel pack.`)
  }
  return outermost
}

function missing(path: string, where: string): SourceError {
  return new SourceError(`${where} lacks ${path}; choose one that is whole.`)
}

function tooLarge(path: string, most: number): SourceError {
  return new SourceError(`${path} has more than the ${most} bytes that it may have; choose one that was not altered.`)
}
