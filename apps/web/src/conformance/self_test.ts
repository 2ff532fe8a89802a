/** Whether this device's masks are those of PyTorch: the bundle's sequence, followed from the file and compared. */

import type { Progress } from '../engine/progress.ts'
import { toPlanes } from '../tracker/image.ts'
import { Tracker } from '../tracker/tracker.ts'
import type { TrackerGraphs } from '../tracker/tracker.ts'
import { compare } from './agreement.ts'
import type { Agreement } from './agreement.ts'
import type { Sequence } from './sequence.ts'

/** The least mask IoU of any frame that passes */
export const LEAST_IOU = 0.999

export interface SelfTestResult {
  readonly pass: boolean
  /** Of the worst frame of all objects */
  readonly iou: number
  /** Largest |a − b| of the mask logits */
  readonly maxAbs: number
  readonly frames: number
  /** Whether it was stopped before the last frame, and so proves less */
  readonly stopped: boolean
  /** One sentence: what agreed, or where it did not */
  readonly detail: string
}

/** An object's mask in a frame, against PyTorch's. */
interface Compared extends Agreement {
  readonly object: number
  readonly frame: number
}

/**
 * Follow all objects of a sequence with graphs that are loaded, on their own tracker. Frames are in the file as graphs
 * take them: how a browser resizes is no part of this. Throws what the graphs throw.
 */
export async function selfTest(
  graphs: TrackerGraphs,
  state: Readonly<Record<string, string>>,
  sequence: Sequence,
  progress: Progress,
): Promise<SelfTestResult> {
  const tracker = new Tracker(graphs, state)
  const { frames, size, side, pixels, prompts, maskLogits } = sequence
  const image = new Float32Array(3 * size * size)
  const compared: Compared[] = []
  for (let frame = 0; frame < frames; frame++) {
    if (!(await progress(frame / frames, `Frame ${frame + 1} of ${frames}`))) return resultOf(compared, frame, sequence)
    toPlanes(pixels.subarray(frame * image.length, (frame + 1) * image.length), 3, image)
    const seen = await tracker.follow(image, prompts.get(frame))
    for (const { id: object, maskLogits: mask } of seen.objects) {
      const place = (object * frames + frame) * side * side
      compared.push({ object, frame, ...compare(maskLogits.subarray(place, place + side * side), mask) })
    }
  }
  return resultOf(compared, frames, sequence)
}

function resultOf(compared: readonly Compared[], frames: number, sequence: Sequence): SelfTestResult {
  const worst = compared.reduce<Compared | undefined>((a, b) => (a !== undefined && a.iou <= b.iou ? a : b), undefined)
  const iou = worst?.iou ?? 0
  const maxAbs = compared.reduce((most, one) => Math.max(most, one.maxAbs), 0)
  const saying = compared.filter((one) => one.saysSomething).length
  const stopped = frames < sequence.frames
  const pass = worst !== undefined && iou >= LEAST_IOU && 2 * saying >= compared.length
  return { pass, iou, maxAbs, frames, stopped, detail: detailOf() }

  function detailOf(): string {
    if (worst === undefined) return 'It was stopped before the first frame, so nothing is known.'
    if (iou < LEAST_IOU) {
      const where = `object ${worst.object} in frame ${worst.frame}`
      return `The mask of ${where} has an IoU of ${iou.toFixed(4)} with PyTorch's, and ${LEAST_IOU} is the least ` +
        `that passes; logits are off by up to ${maxAbs.toPrecision(2)}.`
    }
    if (!pass) return 'Fewer than half of the masks cover 1 to 99 % of their frame, so this proves nothing.'
    const followed = stopped ? `The first ${frames} of ${sequence.frames} frames` : `All ${frames} frames`
    return `${followed} agree with PyTorch: mask IoU at least ${iou.toFixed(4)}, ` +
      `logits within ${maxAbs.toPrecision(2)}.`
  }
}
