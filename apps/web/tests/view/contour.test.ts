/** The outline of a mask encloses the pixels whose logits are positive, and no others. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { type Contour, contour } from '../../src/view/contour.ts'

/** Whether a place is inside, by the even–odd rule */
function holds(lines: Contour, x: number, y: number): boolean {
  let inside = false
  for (const line of lines) {
    for (let place = 0; place < line.length; place += 2) {
      const [x1, y1] = [line[place]!, line[place + 1]!]
      const [x2, y2] = [line[(place + 2) % line.length]!, line[(place + 3) % line.length]!]
      if (y1 > y !== y2 > y && x < x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)) inside = !inside
    }
  }
  return inside
}

function area(lines: Contour): number {
  const signed = lines.map((line) => {
    let twice = 0
    for (let place = 0; place < line.length; place += 2) {
      const [x2, y2] = [line[(place + 2) % line.length]!, line[(place + 3) % line.length]!]
      twice += line[place]! * y2 - x2 * line[place + 1]!
    }
    return twice / 2
  })
  return Math.abs(signed.reduce((sum, one) => sum + one, 0))
}

/** Logits that are the same on every run of the tests, with islands, holes and masks at the edge */
function scattered(side: number): Float32Array {
  let seed = 7
  return Float32Array.from({ length: side * side }, () => {
    seed = (seed * 16807) % 2147483647
    return seed / 2147483647 - 0.5
  })
}

test('every pixel whose logit is positive has its centre inside, and no other', () => {
  const side = 24
  const logits = scattered(side)
  const lines = contour(logits, side)
  logits.forEach((logit, pixel) => {
    const [x, y] = [((pixel % side) + 0.5) / side, (Math.floor(pixel / side) + 0.5) / side]
    assert.equal(holds(lines, x, y), logit > 0, `pixel ${pixel}`)
  })
})

test('between two pixels it runs where a straight line between their logits is zero', () => {
  const [line] = contour(Float32Array.from([-1, 3, -1, 3]), 2)
  const left = Math.min(...line!.filter((_, place) => place % 2 === 0))
  assert.equal(left, 0.25 + 0.5 * 0.25)
})

test('a mask of all pixels is the whole picture', () => {
  const lines = contour(new Float32Array(16).fill(1), 4)
  assert.equal(lines.length, 1)
  assert.equal(area(lines), 1)
})

test('no mask has no outline', () => {
  assert.deepEqual(contour(new Float32Array(16).fill(-1), 4), [])
  assert.deepEqual(contour(new Float32Array(16).fill(0), 4), [])
})

test('a hole is a line of its own', () => {
  const logits = new Float32Array(25).fill(1)
  logits[12] = -1
  assert.equal(contour(logits, 5).length, 2)
})

test('a disc has the area of a disc', () => {
  const side = 64
  const logits = Float32Array.from({ length: side * side }, (_, pixel) => {
    return 0.3 - Math.hypot(((pixel % side) + 0.5) / side - 0.5, (Math.floor(pixel / side) + 0.5) / side - 0.5)
  })
  assert.ok(Math.abs(area(contour(logits, side)) - Math.PI * 0.09) < 1e-3)
})
