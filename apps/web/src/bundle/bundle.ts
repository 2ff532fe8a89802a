/** A bundle that was opened: its manifest, and its files, of which none is given away before its checksum was right. */

import { BundleError } from './bundle_error.ts'
import { sha256 } from './checksum.ts'
import { FILE_BYTES, MANIFEST_BYTES } from './limits.ts'
import { parseManifest } from './manifest.ts'
import type { Manifest } from './manifest.ts'
import type { Source } from './source.ts'

export interface Bundle {
  readonly manifest: Manifest
  /** Of manifest.json */
  readonly manifestSha256: string
  /** A file that the manifest lists. Throws `BundleError` for one that was altered, and what the source throws. */
  read(path: string): Promise<Uint8Array<ArrayBuffer>>
}

/** Reads the manifest, and no other file but the checksums. Throws `BundleError`, and what the source throws. */
export async function openBundle(source: Source): Promise<Bundle> {
  const bytes = await source.read('manifest.json', MANIFEST_BYTES)
  const manifest = parseManifest(bytes)
  const manifestSha256 = await sha256(bytes)
  const sums = await source.read('SHA256SUMS', MANIFEST_BYTES)
  if (!new TextDecoder().decode(sums).split('\n').includes(`${manifestSha256}  manifest.json`)) {
    throw new BundleError('manifest.json and SHA256SUMS do not agree, so one was altered; export the model again.')
  }
  await source.keep?.('manifest.json', bytes)
  await source.keep?.('SHA256SUMS', sums)
  const listed = new Map(manifest.files.map((file) => [file.path, file]))
  return {
    manifest,
    manifestSha256,
    async read(path) {
      const entry = listed.get(path)
      if (entry === undefined) throw new BundleError(`The bundle does not list ${path}; export the model again.`)
      if (entry.bytes > FILE_BYTES) {
        throw new BundleError(`${path} has ${entry.bytes} bytes, which no browser holds; export a smaller model.`)
      }
      const read = await source.read(path, entry.bytes, entry.sha256)
      if (read.length !== entry.bytes || (await sha256(read)) !== entry.sha256) {
        throw new BundleError(`${path} was altered after export; export the model again.`)
      }
      await source.keep?.(path, read, entry.sha256)
      return read
    },
  }
}
