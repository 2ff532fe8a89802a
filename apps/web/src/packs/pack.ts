/** A kernel pack that was opened; none of its artefacts is given away before its checksum was right. */

import { sha256 } from '../bundle/checksum.ts'
import { MANIFEST_BYTES, ZIP_BYTES } from '../bundle/limits.ts'
import { openSource } from '../bundle/source.ts'
import type { Source, SourceRequest } from '../bundle/source.ts'
import { PackError, parsePack } from './manifest.ts'
import type { PackedKernel, PackManifest } from './manifest.ts'

/** Of an artefact: that of the largest kernel has 40 MB */
const ARTEFACT_BYTES = 2 ** 28

export interface Pack {
  readonly manifest: PackManifest
  /** Of manifest.json: the name of the pack */
  readonly sha256: string
  /** A kernel's artefact. Throws `PackError` for one that was altered, and what the source throws. */
  read(kernel: PackedKernel): Promise<Uint8Array<ArrayBuffer>>
}

/** Reads all of it once: what is damaged is said before the work. Throws `PackError`, and what the source throws. */
export async function openPack(request: SourceRequest): Promise<Pack> {
  const source = await sourceOf(request)
  const bytes = await source.read('manifest.json', MANIFEST_BYTES)
  const pack: Pack = {
    manifest: parsePack(bytes),
    sha256: await sha256(bytes),
    async read(kernel) {
      const artefact = await source.read(kernel.file, ARTEFACT_BYTES)
      if ((await sha256(artefact)) !== kernel.sha256) {
        throw new PackError(`${kernel.file} is not what the manifest says: make the pack anew.`)
      }
      return artefact
    },
  }
  for (const kernel of pack.manifest.kernels) await pack.read(kernel)
  return pack
}

/** The URL of a pack is that of its zip. */
async function sourceOf(request: SourceRequest): Promise<Source> {
  if (request.kind !== 'url') return openSource(request)
  const folder = new URL('.', request.url).href
  const name = decodeURIComponent(request.url.slice(folder.length))
  const zip = await (await openSource({ kind: 'url', url: folder })).read(name, ZIP_BYTES)
  return openSource({ kind: 'zip', file: new File([zip], name) })
}
