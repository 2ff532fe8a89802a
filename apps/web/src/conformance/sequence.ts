/**
 * The bundle's sequence: frames, prompts, and what PyTorch saw in them. `exporter/verify/conformance.py` writes it and
 * says what its tensors are.
 */

import type { Bundle } from '../bundle/bundle.ts'
import { BundleError } from '../bundle/bundle_error.ts'
import { parseSafetensors } from '../bundle/safetensors.ts'
import type { StoredTensor } from '../bundle/safetensors.ts'
import { sameShape } from '../runners/shapes.ts'
import { ABSENT, POINTS } from '../tracker/prompt.ts'
import type { Label, PromptPoint, PromptRequest } from '../tracker/prompt.ts'

export interface Sequence {
  readonly frames: number
  readonly objects: number
  /** Pixels of a frame's side */
  readonly size: number
  /** RGB [frames, size, size, 3] */
  readonly pixels: Uint8Array
  /** Frame -> who is prompted in it */
  readonly prompts: ReadonlyMap<number, readonly PromptRequest[]>
  /** [objects, frames, side, side]; zeros before an object's first prompt, and not compared there */
  readonly maskLogits: Float32Array
  readonly side: number
}

/** Throws `BundleError` for a bundle without a sequence, and for one that is not what its manifest says. */
export async function readSequence({ manifest, read }: Bundle): Promise<Sequence> {
  const { sequence: entry, model: { image_size: size } } = manifest
  if (entry === null) throw new BundleError('The bundle has no sequence to test with; export the model again.')
  const tensors = parseSafetensors(await read(entry.file), entry.file)
  const { frames, objects } = entry
  const side = size / 4

  const tensor = <Values>(name: string, type: new (...given: never[]) => Values, shape: readonly number[]): Values => {
    const found: StoredTensor | undefined = tensors.get(name)
    if (found === undefined || !sameShape(found.shape, shape) || !(found.values instanceof type)) {
      throw damaged(`${name} is missing or is not [${shape.join(', ')}]`)
    }
    return found.values
  }
  const damaged = (what: string) => new BundleError(`${entry.file} is damaged (${what}); export the model again.`)

  const count = tensors.get('input.prompt_frame')?.shape[0] ?? 0
  const pixels = tensor('input.frames', Uint8Array, [frames, size, size, 3])
  const promptFrame = tensor('input.prompt_frame', Int32Array, [count])
  const promptObject = tensor('input.prompt_object', Int32Array, [count])
  const points = tensor('input.points', Float32Array, [count, POINTS, 2])
  const labels = tensor('input.labels', Float32Array, [count, POINTS])
  const maskLogits = tensor('output.mask_logits', Float32Array, [objects, frames, 1, side, side])
  if (!maskLogits.every(Number.isFinite)) throw damaged('its masks are not finite')

  const prompts = new Map<number, PromptRequest[]>()
  for (const [index, frame] of promptFrame.entries()) {
    const object = promptObject[index]!
    if (frame < 0 || frame >= frames || object < 0 || object >= objects) {
      throw damaged(`object ${object} is prompted in frame ${frame}`)
    }
    const given = pointsOf(points.subarray(2 * POINTS * index), labels.subarray(POINTS * index, POINTS * (index + 1)))
    if (given === null) throw damaged(`the prompt of object ${object} in frame ${frame} is none`)
    const before = prompts.get(frame) ?? []
    if (before.some((one) => one.object === object)) throw damaged(`object ${object} is prompted twice in frame ${frame}`)
    prompts.set(frame, [...before, { object, points: given }])
  }
  if (new Set(promptObject).size < objects) throw damaged('an object has no prompt')
  return { frames, objects, size, pixels, prompts, maskLogits, side }
}

/** The points of a prompt without those that are absent, which come last; null where it is no prompt. */
function pointsOf(points: Float32Array, labels: Float32Array): readonly PromptPoint[] | null {
  const absent = labels.indexOf(ABSENT)
  const count = absent < 0 ? labels.length : absent
  const isLabel = (label: number): label is Label => [0, 1, 2, 3].includes(label)
  const given = Array.from(labels.subarray(0, count), (label, index) => {
    const [x, y] = points.subarray(2 * index, 2 * index + 2)
    return isLabel(label) && Number.isFinite(x) && Number.isFinite(y) ? { x: x!, y: y!, label } : null
  })
  if (given.length === 0 || labels.subarray(count).some((label) => label !== ABSENT)) return null
  return given.every((point) => point !== null) ? given : null
}
