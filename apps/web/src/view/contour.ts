/**
 * The outline of a mask, from its logits: where they are zero between one pixel's centre and the next (marching
 * squares). A few thousand numbers in and a path out, as sharp on a large screen as on a small one, and in a fraction
 * of the time that drawing enlarged pixels would take from the frames.
 */

/** Closed lines x0, y0, x1, y1, …, each of 0 to 1 across the picture; filled by the even–odd rule they are the mask. */
export type Contour = readonly (readonly number[])[]

/** The edges of a cell. Its corners are bits: 1 above left, 2 above right, 4 below right, 8 below left. */
const ABOVE = 0
const RIGHT = 1
const BELOW = 2
const LEFT = 3

/** Bits of the corners inside -> edges, from and to, of each piece of the line, the mask on its left */
const PIECES: readonly (readonly (readonly [number, number])[])[] = [
  [], [[LEFT, ABOVE]], [[ABOVE, RIGHT]], [[LEFT, RIGHT]],
  [[RIGHT, BELOW]], [[LEFT, ABOVE], [RIGHT, BELOW]], [[ABOVE, BELOW]], [[LEFT, BELOW]],
  [[BELOW, LEFT]], [[BELOW, ABOVE]], [[ABOVE, RIGHT], [BELOW, LEFT]], [[BELOW, RIGHT]],
  [[RIGHT, LEFT]], [[RIGHT, ABOVE]], [[ABOVE, LEFT]], [],
]

/** The outline of where logits [side, side] are positive; it runs along the picture's edge where the mask meets it. */
export function contour(logits: Float32Array, side: number): Contour {
  // Around the pixels' centres goes a ring of their own values at the picture's edge, and around it one of no mask.
  const ringed = side + 4
  const value = (column: number, row: number): number => {
    if (column === 0 || row === 0 || column === ringed - 1 || row === ringed - 1) return -Infinity
    const x = Math.min(Math.max(column - 2, 0), side - 1)
    return logits[Math.min(Math.max(row - 2, 0), side - 1) * side + x]!
  }
  const place = (index: number): number => Math.min(Math.max((index - 1.5) / side, 0), 1)

  // An edge between two corners has a number of its own: that of its first corner, twice, and whether it goes down.
  const edge = (column: number, row: number, which: number): number => {
    if (which === ABOVE) return 2 * (row * ringed + column)
    if (which === BELOW) return 2 * ((row + 1) * ringed + column)
    return 2 * (row * ringed + column + (which === RIGHT ? 1 : 0)) + 1
  }
  const crossing = (number: number): [number, number] => {
    const down = number % 2 === 1
    const corner = (number - (down ? 1 : 0)) / 2
    const column = corner % ringed
    const row = (corner - column) / ringed
    const [column2, row2] = down ? [column, row + 1] : [column + 1, row]
    const share = zero(value(column, row), value(column2, row2))
    return [
      place(column) + share * (place(column2) - place(column)),
      place(row) + share * (place(row2) - place(row)),
    ]
  }

  const next = new Map<number, number>()
  for (let row = 0; row < ringed - 1; row += 1) {
    let left = (value(0, row) > 0 ? 1 : 0) | (value(0, row + 1) > 0 ? 8 : 0)
    for (let column = 0; column < ringed - 1; column += 1) {
      const above = value(column + 1, row) > 0
      const below = value(column + 1, row + 1) > 0
      const corners = left | (above ? 2 : 0) | (below ? 4 : 0)
      for (const [from, to] of PIECES[corners]!) next.set(edge(column, row, from), edge(column, row, to))
      left = (above ? 1 : 0) | (below ? 8 : 0)
    }
  }

  const lines: number[][] = []
  for (const start of next.keys()) {
    const line: number[] = []
    for (let at: number | undefined = start; at !== undefined; ) {
      line.push(...crossing(at))
      const after: number | undefined = next.get(at)
      next.delete(at)
      at = after !== undefined && next.has(after) ? after : undefined
    }
    lines.push(line)
  }
  return lines
}

/** How far from a to b, of opposite signs, a line through both is zero */
function zero(a: number, b: number): number {
  if (!Number.isFinite(a)) return 1
  return Number.isFinite(b) ? a / (a - b) : 0
}
