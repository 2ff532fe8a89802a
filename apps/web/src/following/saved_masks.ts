/** The masks of a video or a picture, collected while it is followed and given to the user as one zip. */

import { strToU8, unzlibSync, zipSync, zlibSync } from 'fflate'

import type { SeenObject } from '../engine/messages.ts'
import { labelMap } from './label_map.ts'
import { labelPng } from './label_png.ts'

/** What frames.json says of each mask */
interface SavedFrame {
  readonly file: string
  /** s into the video, when the frame begins */
  readonly time: number
}

/** Masks as they were found. Files are made of them when they are saved: that takes longer than finding them. */
interface KeptFrame {
  readonly time: number
  readonly objects: readonly { readonly id: number; readonly side: number; readonly packed: Uint8Array }[]
  /** Of the picture, px */
  readonly width: number
  readonly height: number
}

export class SavedMasks {
  readonly #frames = new Map<number, KeptFrame>()

  get count(): number {
    return this.#frames.size
  }

  /** Keep a frame's masks. `index` counts from the frame that following began with; the same index is replaced. */
  keep(index: number, time: number, objects: readonly SeenObject[], width: number, height: number): void {
    const packed = objects.map(({ id, side, maskLogits }) => ({ id, side, packed: pack(maskLogits, side) }))
    this.#frames.set(index, { time, objects: packed, width, height })
  }

  clear(): void {
    this.#frames.clear()
  }

  /**
   * A zip of 00000.png and so on, one a frame as `vitexport track` writes them (a palette PNG of the objects' numbers,
   * as large as the frame), and of frames.json, which says when in the video each begins. The page goes on meanwhile.
   */
  async zip(): Promise<Blob> {
    const files: Record<string, Uint8Array> = {}
    const frames: SavedFrame[] = []
    for (const [index, { time, objects, width, height }] of [...this.#frames].sort(([a], [b]) => a - b)) {
      const file = `${String(index).padStart(5, '0')}.png`
      const found = objects.map(({ id, side, packed }) => ({ id, side, maskLogits: unpack(packed, side) }))
      files[file] = labelPng(labelMap(found, width, height), width, height)
      frames.push({ file, time })
      await new Promise((next) => setTimeout(next))
    }
    // PNG is compressed already.
    const zip = zipSync({ ...files, 'frames.json': strToU8(`${JSON.stringify(frames, null, 1)}\n`) }, { level: 0 })
    return new Blob([zip], { type: 'application/zip' })
  }
}

/**
 * Logits [side, side] that give the same mask, in little memory: bilinear values between four of one sign have that
 * sign however large they are, so only those at the outline are kept as they are.
 */
function pack(logits: Float32Array, side: number): Uint8Array {
  const kept = logits.map((logit) => (logit > 0 ? 1 : -1))
  for (let y = 0; y + 1 < side; y += 1) {
    for (let x = 0; x + 1 < side; x += 1) {
      const first = y * side + x
      const corners = [first, first + 1, first + side, first + side + 1]
      if (corners.filter((at) => logits[at]! > 0).length % 4 === 0) continue
      for (const at of corners) kept[at] = logits[at]!
    }
  }
  return zlibSync(new Uint8Array(kept.buffer), { level: 1 })
}

function unpack(packed: Uint8Array, side: number): Float32Array {
  const logits = new Float32Array(side * side)
  unzlibSync(packed, { out: new Uint8Array(logits.buffer) })
  return logits
}
