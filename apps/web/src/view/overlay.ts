/** `Overlay`: what is drawn over the picture: masks, points that asked for them, a box being drawn, a cross-hair. */

import type { FollowedObject } from '../following/objects.ts'
import { colour } from './colours.ts'
import { type Contour, contour } from './contour.ts'
import type { Place, Placement } from './placement.ts'

/** What there is to draw besides the masks; places are 0 to 1 across the picture. */
interface Marks {
  readonly box: readonly [Place, Place] | null
  readonly crossHair: Place | null
  /** The frame that stands still, whose points are shown */
  readonly still: number | null
}

const FILL = 0.38
/** px */
const OUTLINE = 2.5
const CASING = 5
const BADGE = 11
const POINT = 8
const CROSS_HAIR = 18

const DARK = 'rgb(0 0 0 / 0.65)'
const LIGHT = '#ffffff'
const LABELS = '600 12px system-ui, sans-serif'

/** More pixels than these for each of the page's cost time and are not seen. */
const MOST_DENSITY = 2

export class Overlay {
  readonly canvas = document.createElement('canvas')
  readonly #contours = new WeakMap<Float32Array, Contour>()

  constructor() {
    this.canvas.className = 'overlay'
    this.canvas.setAttribute('aria-hidden', 'true')
  }

  /** Draw anew. `size` is the model's image, in whose pixels points are. */
  draw(placement: Placement, objects: readonly FollowedObject[], size: number, marks: Marks): void {
    const drawing = this.#cleared()
    for (const object of objects) this.#mask(drawing, placement, object)
    for (const object of objects) {
      if (marks.still === null || object.still !== marks.still) continue
      for (const { x, y, label } of object.points) {
        const place = placement.toBox({ x: x / size, y: y / size })
        if (label < 2) point(drawing, place, label === 1, colour(object.id).code)
      }
    }
    if (marks.box !== null) box(drawing, placement, marks.box)
    if (marks.crossHair !== null) crossHair(drawing, placement.toBox(marks.crossHair))
  }

  #cleared(): CanvasRenderingContext2D {
    const { canvas } = this
    const density = Math.min(window.devicePixelRatio, MOST_DENSITY)
    const width = Math.round(canvas.clientWidth * density)
    const height = Math.round(canvas.clientHeight * density)
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width
      canvas.height = height
    }
    const drawing = canvas.getContext('2d')!
    drawing.setTransform(density, 0, 0, density, 0, 0)
    drawing.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight)
    return drawing
  }

  #mask(drawing: CanvasRenderingContext2D, placement: Placement, { id, seen, status }: FollowedObject): void {
    if (seen === null || status === 'lost') return
    let lines = this.#contours.get(seen.maskLogits)
    if (lines === undefined) {
      lines = contour(seen.maskLogits, seen.side)
      this.#contours.set(seen.maskLogits, lines)
    }
    const longest = lines.reduce<readonly number[]>((most, line) => (line.length > most.length ? line : most), [])
    if (longest.length === 0) return
    const path = new Path2D()
    for (const line of lines) {
      for (let place = 0; place < line.length; place += 2) {
        const { x, y } = placement.toBox({ x: line[place]!, y: line[place + 1]! })
        if (place === 0) path.moveTo(x, y)
        else path.lineTo(x, y)
      }
      path.closePath()
    }
    const { code } = colour(id)
    drawing.lineJoin = 'round'
    drawing.globalAlpha = FILL
    drawing.fillStyle = code
    drawing.fill(path, 'evenodd')
    drawing.globalAlpha = 1
    outlined(drawing, path, code, OUTLINE, CASING)
    badge(drawing, placement.toBox(highest(longest)), String(id), code)
  }
}

/** A line that is seen on any picture: dark beside its colour */
function outlined(drawing: CanvasRenderingContext2D, path: Path2D, code: string, width: number, casing: number): void {
  drawing.strokeStyle = DARK
  drawing.lineWidth = casing
  drawing.stroke(path)
  drawing.strokeStyle = code
  drawing.lineWidth = width
  drawing.stroke(path)
}

function highest(line: readonly number[]): Place {
  let top = 0
  for (let place = 2; place < line.length; place += 2) if (line[place + 1]! < line[top + 1]!) top = place
  return { x: line[top]!, y: line[top + 1]! }
}

function badge(drawing: CanvasRenderingContext2D, { x, y }: Place, text: string, code: string): void {
  const top = Math.max(y - BADGE, BADGE + 1)
  drawing.beginPath()
  drawing.arc(x, top, BADGE, 0, 2 * Math.PI)
  drawing.fillStyle = DARK
  drawing.fill()
  drawing.strokeStyle = code
  drawing.lineWidth = OUTLINE
  drawing.stroke()
  drawing.fillStyle = LIGHT
  drawing.font = LABELS
  drawing.textAlign = 'center'
  drawing.textBaseline = 'middle'
  drawing.fillText(text, x, top + 0.5)
}

function point(drawing: CanvasRenderingContext2D, { x, y }: Place, on: boolean, code: string): void {
  drawing.beginPath()
  drawing.arc(x, y, POINT, 0, 2 * Math.PI)
  drawing.fillStyle = on ? code : DARK
  drawing.fill()
  drawing.strokeStyle = LIGHT
  drawing.lineWidth = 2
  drawing.stroke()
  const sign = new Path2D()
  sign.moveTo(x - POINT / 2, y)
  sign.lineTo(x + POINT / 2, y)
  if (on) {
    sign.moveTo(x, y - POINT / 2)
    sign.lineTo(x, y + POINT / 2)
  }
  drawing.strokeStyle = on ? '#000000' : LIGHT
  drawing.stroke(sign)
}

function box(drawing: CanvasRenderingContext2D, placement: Placement, [one, other]: readonly [Place, Place]): void {
  const [a, b] = [placement.toBox(one), placement.toBox(other)]
  const path = new Path2D()
  path.rect(Math.min(a.x, b.x), Math.min(a.y, b.y), Math.abs(a.x - b.x), Math.abs(a.y - b.y))
  outlined(drawing, path, LIGHT, 2, 4)
}

function crossHair(drawing: CanvasRenderingContext2D, { x, y }: Place): void {
  const path = new Path2D()
  for (const [across, down] of [[1, 0], [-1, 0], [0, 1], [0, -1]] as const) {
    path.moveTo(x + 4 * across, y + 4 * down)
    path.lineTo(x + CROSS_HAIR * across, y + CROSS_HAIR * down)
  }
  outlined(drawing, path, LIGHT, 2, 4)
}
