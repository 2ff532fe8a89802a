/** Masks at the size of the picture, one number a pixel: what is saved, as `vitexport track` saves it. */

import type { SeenObject } from '../engine/messages.ts'

type Mask = Pick<SeenObject, 'id' | 'maskLogits' | 'side'>

/**
 * The number of the object at each pixel [height, width], 0 where there is none; where two meet, the lower number is on
 * top. An object's mask is where its logits, resized bilinearly with pixels' centres aligned, are positive.
 */
export function labelMap(objects: readonly Mask[], width: number, height: number): Uint8Array<ArrayBuffer> {
  const labels = new Uint8Array(width * height)
  for (const { id, maskLogits, side } of [...objects].sort((a, b) => b.id - a.id)) {
    const across = places(width, side)
    const down = places(height, side)
    for (let y = 0; y < height; y += 1) {
      const above = down.first[y]! * side
      const below = down.second[y]! * side
      const lower = down.share[y]!
      for (let x = 0; x < width; x += 1) {
        const left = across.first[x]!
        const right = across.second[x]!
        const share = across.share[x]!
        const top = maskLogits[above + left]! * (1 - share) + maskLogits[above + right]! * share
        const bottom = maskLogits[below + left]! * (1 - share) + maskLogits[below + right]! * share
        if (top * (1 - lower) + bottom * lower > 0) labels[y * width + x] = id
      }
    }
  }
  return labels
}

/** For each of `size` pixels, the two of `side` that it lies between, and how far it is on the way to the second */
function places(size: number, side: number): { first: Int32Array; second: Int32Array; share: Float64Array } {
  const first = new Int32Array(size)
  const second = new Int32Array(size)
  const share = new Float64Array(size)
  for (let pixel = 0; pixel < size; pixel += 1) {
    const place = Math.min(Math.max(((pixel + 0.5) * side) / size - 0.5, 0), side - 1)
    first[pixel] = Math.floor(place)
    second[pixel] = Math.min(first[pixel]! + 1, side - 1)
    share[pixel] = place - first[pixel]!
  }
  return { first, second, share }
}
