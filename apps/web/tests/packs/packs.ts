/** Small kernel packs for tests, of artefacts that nobody runs. */

import { createHash } from 'node:crypto'

import { strToU8, zipSync } from 'fflate'

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

export const artefact = (name: string) => strToU8(`the kernel ${name}`)

/** A manifest of kernels with these names, of one input [2, 3] each. */
export function manifestOf(names: readonly string[], changes: object = {}) {
  return {
    schema: 1,
    made_by: 'vitexport tests',
    toolchain: {},
    target: 'browser',
    runtime: 'tflite',
    unit: 'cpu',
    precision: 'fp32',
    kernels: names.map((name) => ({
      key: `${name} of the pack`,
      file: `kernels/${name}.tflite`,
      sha256: sha256(artefact(name)),
      inputs: [{ name: 'x', shape: [2, 3], dtype: 'float32', channels_last: false }],
      uses: 1,
    })),
    ...changes,
  }
}

export const bytesOf = (manifest: object) => strToU8(JSON.stringify(manifest))

/** A pack's zip; `altered` are files of other content than the manifest says. */
export function zipOf(manifest: ReturnType<typeof manifestOf>, altered: Record<string, Uint8Array> = {}): File {
  const files: Record<string, Uint8Array> = { 'manifest.json': bytesOf(manifest) }
  for (const { file } of manifest.kernels) files[file] = artefact(/kernels\/(.*)\./.exec(file)![1]!)
  return new File([zipSync({ ...files, ...altered }) as Uint8Array<ArrayBuffer>], 'kernels.zip')
}
