/** How far a mask is from PyTorch's. */

export interface Agreement {
  /** Intersection over union of what is positive; of two empty masks 1, and 0 where a logit is not finite */
  readonly iou: number
  /** Largest |a − b| of the logits; infinite where one is not finite */
  readonly maxAbs: number
  /** Whether the expected mask covers 1 to 99 % of the frame: an empty mask agrees with too much */
  readonly saysSomething: boolean
}

/** Logits of one mask, as many of each. */
export function compare(expected: Float32Array, actual: Float32Array): Agreement {
  let both = 0
  let either = 0
  let covered = 0
  let maxAbs = 0
  for (let index = 0; index < expected.length; index++) {
    const one = expected[index]!
    const other = actual[index]!
    const difference = Math.abs(one - other)
    if (!Number.isFinite(difference)) return { iou: 0, maxAbs: Number.POSITIVE_INFINITY, saysSomething: true }
    maxAbs = Math.max(maxAbs, difference)
    if (one > 0) covered++
    if (one > 0 && other > 0) both++
    if (one > 0 || other > 0) either++
  }
  const share = covered / expected.length
  return { iou: either === 0 ? 1 : both / either, maxAbs, saysSomething: share >= 0.01 && share <= 0.99 }
}
