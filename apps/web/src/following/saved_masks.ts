/** The masks of a video or a picture, collected while it is followed and given to the user as one zip. */

import { strToU8, zipSync } from 'fflate'

import type { SeenObject } from '../engine/messages.ts'
import { labelMap } from './label_map.ts'
import { labelPng } from './label_png.ts'

/** What frames.json says of each mask */
interface SavedFrame {
  readonly file: string
  /** s into the video, when the frame begins */
  readonly time: number
}

export class SavedMasks {
  readonly #frames = new Map<number, { readonly time: number; readonly png: Uint8Array }>()

  get count(): number {
    return this.#frames.size
  }

  /** Keep a frame's masks. `index` counts from the frame that following began with; the same index is replaced. */
  keep(index: number, time: number, objects: readonly SeenObject[], width: number, height: number): void {
    this.#frames.set(index, { time, png: labelPng(labelMap(objects, width, height), width, height) })
  }

  clear(): void {
    this.#frames.clear()
  }

  /**
   * A zip of 00000.png and so on, one a frame as `vitexport track` writes them (a palette PNG of the objects' numbers,
   * as large as the frame), and of frames.json, which says when in the video each begins.
   */
  zip(): Blob {
    const ordered = [...this.#frames].sort(([a], [b]) => a - b)
    const named = ordered.map(([index, { time, png }]) => ({ file: `${String(index).padStart(5, '0')}.png`, time, png }))
    const frames: SavedFrame[] = named.map(({ file, time }) => ({ file, time }))
    const files = Object.fromEntries(named.map(({ file, png }) => [file, png]))
    // PNG is compressed already.
    const zip = zipSync({ ...files, 'frames.json': strToU8(`${JSON.stringify(frames, null, 1)}\n`) }, { level: 0 })
    return new Blob([zip], { type: 'application/zip' })
  }
}
