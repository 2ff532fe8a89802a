/** From values to pixels, and the round values between which an axis is read. */

const STEPS = [[3.2, [1]], [1.3, [1, 3]], [0.6, [1, 2, 5]], [0, [1, 1.5, 2, 3, 4, 5, 7]]]
/** Axes of more than so many decades -> where in each decade there are ticks */

const SHORTEST = 0.35
/** Decades of a logarithmic axis: two ticks stand on it at the least */

/** A logarithmic scale over all of `values`, which are positive, with a margin; `from` and `to` are pixels. */
export function logScale(values, from, to) {
  const [least, most] = [Math.min(...values), Math.max(...values)].map(Math.log10)
  const margin = Math.max(0.06, (SHORTEST - (most - least)) / 2)
  const [low, high] = [least - margin, most + margin]
  const [, steps] = STEPS.find(([decades]) => high - low > decades)
  const powers = Array.from({ length: Math.ceil(high) - Math.floor(low) + 1 }, (_, power) => Math.floor(low) + power)
  const ticks = powers.flatMap((power) => steps.map((step) => Number((step * 10 ** power).toPrecision(2))))
  const at = (value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from)
  return { at, ticks: ticks.filter((tick) => Math.log10(tick) >= low && Math.log10(tick) <= high) }
}

/** A linear scale, likewise. */
export function linearScale(values, from, to) {
  const span = Math.max(...values) - Math.min(...values) || 1
  const low = Math.min(...values) - 0.05 * span
  const high = Math.max(...values) + 0.05 * span
  const rough = (high - low) / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * [1, 2, 5, 10].find((times) => times * power >= rough)
  const first = Math.ceil(low / step)
  const length = Math.floor(high / step) - first + 1
  const ticks = Array.from({ length }, (_, place) => Number(((first + place) * step).toPrecision(6)))
  return { at: (value) => from + ((value - low) / (high - low)) * (to - from), ticks }
}
