/** Labels of points that neither overlap each other nor cover a point. */

import { widthOf } from './chart.js'

const HEIGHT = 15
/** Of a line of text, pixels */
const GAP = 7
/** Between a point and its label */

/**
 * Where the labels of `points` `{x, y, text, weight}` stand, the first point's first: `{point, x, y, leader}` of each
 * one's start and baseline, and where a line from its point meets it that does not stand next to it. A label for which
 * there is no room within `box`, beside points, labels and `lines`, is left out.
 */
export function placed(points, box, lines) {
  const dots = points.map(({ x, y }) => ({ left: x - 4, right: x + 4, top: y - 4, bottom: y + 4 }))
  const taken = [...dots, ...lines]
  const found = []
  for (const point of points) {
    const room = places(point).find((one) => within(one, box) && !taken.some((other) => overlap(one, other)))
    if (!room) continue
    taken.push(room)
    found.push({ point, x: room.left, y: room.bottom - 3, leader: leader(point, room) })
  }
  return found
}

/** Above left first: up there no model is both faster and better, and intervals lie to the side. */
function places({ x, y, text, weight }) {
  const width = widthOf(text, weight)
  const at = (left, middle) => ({ left, right: left + width, top: middle - HEIGHT / 2, bottom: middle + HEIGHT / 2 })
  const beside = [x - width - 3, x + 3, x - width / 2]
  const heights = [-1, 1, -2, 2, -3, 3].map((line) => y + line * (GAP + HEIGHT / 2))
  const aboveAndBelow = heights.flatMap((middle) => beside.map((left) => at(left, middle)))
  return [...aboveAndBelow, at(x + GAP, y), at(x - GAP - width, y)]
}

/** Where a line from a point meets its label; null where another point could hardly be meant. */
function leader({ x, y }, { left, right, top, bottom }) {
  const end = { x: Math.min(right, Math.max(left, x)), y: y < top ? top : Math.min(bottom, y) }
  return Math.hypot(end.x - x, end.y - y) > GAP + HEIGHT / 2 ? end : null
}

const within = (one, box) => (
  one.left >= box.left && one.right <= box.right && one.top >= box.top && one.bottom <= box.bottom
)

const overlap = (one, other) => (
  one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom
)
