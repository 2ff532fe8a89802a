/** What many runs of one thing took, in few numbers; all in ms. */

export interface Percentiles {
  readonly p50: number
  readonly p90: number
}

export interface Times extends Percentiles {
  readonly p99: number
  readonly mean: number
  /** Of single runs around their mean */
  readonly std: number
  /** How many runs */
  readonly n: number
}

/** Throws `RangeError` where nothing was timed. */
export function timesOf(samples: readonly number[]): Times {
  if (samples.length === 0) throw new RangeError('Nothing was timed, so there is nothing to sum up.')
  const sorted = Float64Array.from(samples).sort()
  const mean = sorted.reduce((sum, one) => sum + one, 0) / sorted.length
  const variance = sorted.reduce((sum, one) => sum + (one - mean) ** 2, 0) / sorted.length
  return {
    p50: percentile(sorted, 0.5),
    p90: percentile(sorted, 0.9),
    p99: percentile(sorted, 0.99),
    mean,
    std: Math.sqrt(variance),
    n: sorted.length,
  }
}

/**
 * Medians of periods one after the other, each of `period` ms: they tell whether what is done over and over gets slower.
 * The last has what is left, unless that is less than a half.
 */
export function medians(samples: readonly number[], period: number): readonly number[] {
  const periods: number[][] = [[]]
  let begun = 0
  let now = 0
  for (const sample of samples) {
    if (now - begun >= period) {
      begun = now
      periods.push([])
    }
    periods.at(-1)!.push(sample)
    now += sample
  }
  if (periods.length > 1 && now - begun < period / 2) periods.pop()
  return periods.map((one) => timesOf(one).p50)
}

/** Of sorted values, between the two nearest in proportion, as NumPy has it. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  const place = share * (sorted.length - 1)
  const below = sorted[Math.floor(place)]!
  const above = sorted[Math.ceil(place)]!
  return below + (above - below) * (place - Math.floor(place))
}
