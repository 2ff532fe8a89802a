/**
 * What the device is doing, frame by frame: the ms of each graph on top of each other, a mark where frames were
 * dropped, and a line at the time that the source takes for a frame. Where bars pass it, frames are dropped.
 */

import type { FrameTimes, Summary } from '../following/stats.ts'
import { element } from './element.ts'

/** px */
const HEIGHT = 132
const BAR = 5
const GAP = 1
const RIGHT = 34
const BOTTOM = 10
const MARK = 4

/** ms, of which the scale's lines are multiples */
const STEPS = [5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000]
const MOST_LINES = 5

/** Names of what takes time that are no graph's -> what people read */
const NAMES: Readonly<Record<string, string>> = { resize: 'resize', other: 'all else' }

const COLOURS = 6

export class Timeline {
  readonly element: HTMLElement
  readonly #canvas = element('canvas', { class: 'timeline', role: 'img' })
  readonly #table = element('tbody')
  /** In the order of their first appearance, so that each keeps its colour */
  readonly #parts: string[] = []

  constructor() {
    this.#canvas.style.height = `${HEIGHT}px`
    const columns = ['Graph', 'median ms', '90 %']
    const head = element('tr', {}, ...columns.map((name) => element('th', { scope: 'col' }, name)))
    this.element = element(
      'div',
      { class: 'doing' },
      this.#canvas,
      element('table', { class: 'figures' }, element('thead', {}, head), this.#table),
    )
  }

  /** `period` is the source's, in ms. */
  draw(frames: readonly FrameTimes[], summary: Summary, period: number | null): void {
    for (const name of Object.keys(summary.graphs)) if (!this.#parts.includes(name)) this.#parts.push(name)
    this.#bars(frames, period)
    this.#rows(summary)
    const { frame, dropped } = summary
    this.#canvas.setAttribute(
      'aria-label',
      frame === null
        ? 'No frame was followed yet.'
        : `Times of the last ${frames.length} frames: ${frame.p50.toFixed(0)} ms in the median, ${dropped} dropped.`,
    )
  }

  #bars(frames: readonly FrameTimes[], period: number | null): void {
    const canvas = this.#canvas
    const width = canvas.clientWidth
    if (width === 0) return
    canvas.width = Math.round(width * devicePixelRatio)
    canvas.height = Math.round(HEIGHT * devicePixelRatio)
    const drawing = canvas.getContext('2d')!
    drawing.scale(devicePixelRatio, devicePixelRatio)
    const style = getComputedStyle(canvas)
    const token = (name: string): string => style.getPropertyValue(`--${name}`)
    drawing.font = '11px system-ui, sans-serif'

    const shown = frames.slice(-Math.floor((width - RIGHT) / (BAR + GAP)))
    const most = Math.max(1.1 * (period ?? 0), ...shown.map(total), 5)
    const foot = HEIGHT - BOTTOM
    const scale = (foot - MARK) / most
    const step = STEPS.find((ms) => most / ms <= MOST_LINES) ?? most
    drawing.fillStyle = token('muted')
    drawing.strokeStyle = token('rule')
    drawing.textBaseline = 'middle'
    for (let ms = 0; ms <= most; ms += step) {
      const y = Math.round(foot - ms * scale) + 0.5
      line(drawing, y, width - RIGHT)
      drawing.fillText(String(ms), width - RIGHT + 6, Math.max(y, 6))
    }
    shown.forEach((frame, place) => {
      const x = place * (BAR + GAP)
      let y = foot
      for (const [name, ms] of parts(frame)) {
        drawing.fillStyle = token(this.#token(name))
        drawing.fillRect(x, y - ms * scale, BAR, ms * scale)
        y -= ms * scale
      }
      if (frame.dropped > 0) {
        drawing.fillStyle = token('failed')
        drawing.fillRect(x, foot + 3, BAR, MARK)
      }
    })
    if (period !== null) {
      drawing.strokeStyle = token('ink')
      drawing.setLineDash([4, 3])
      line(drawing, Math.round(foot - period * scale) + 0.5, width - RIGHT)
    }
  }

  #rows(summary: Summary): void {
    const rows = [...Object.entries(summary.graphs), ['whole frame', summary.frame] as const]
    this.#table.replaceChildren(
      ...rows.map(([name, times]) => {
        const swatch = element('span', { class: 'swatch', 'aria-hidden': 'true' })
        if (name !== 'whole frame') swatch.style.background = `var(--${this.#token(name)})`
        const head = element('th', { scope: 'row' }, swatch, NAMES[name] ?? name)
        const figures = [times?.p50, times?.p90].map((ms) => element('td', {}, ms === undefined ? '–' : ms.toFixed(1)))
        return element('tr', {}, head, ...figures)
      }),
    )
  }

  #token(name: string): string {
    return name === 'other' ? 'part-other' : `part-${this.#parts.indexOf(name) % COLOURS}`
  }
}

function total({ begun, shown }: FrameTimes): number {
  return shown - begun
}

/** What a frame's time went to; the rest is copying. */
function parts(frame: FrameTimes): [string, number][] {
  const graphs = Object.entries(frame.graphs)
  return [...graphs, ['other', Math.max(total(frame) - graphs.reduce((sum, [, ms]) => sum + ms, 0), 0)]]
}

function line(drawing: CanvasRenderingContext2D, y: number, width: number): void {
  drawing.beginPath()
  drawing.moveTo(0, y)
  drawing.lineTo(width, y)
  drawing.stroke()
}
