/** A user's prompt in pixels of the model's square image, and the fixed shape in which graphs take it. */

/** 1 on the object, 0 beside it, 2 and 3 the upper left and lower right corner of its box */
export type Label = 0 | 1 | 2 | 3

/** How many points a graph takes */
export const POINTS = 4

/** Says that there is no point: it has no effect whatever */
export const ABSENT = -2

export interface PromptPoint {
  readonly x: number
  readonly y: number
  readonly label: Label
}

/** A prompt for an object, which starts anew with it. */
export interface PromptRequest {
  readonly object: number
  readonly points: readonly PromptPoint[]
}

/** A prompt that no graph takes, in one sentence. */
export class PromptError extends Error {
  override readonly name = 'PromptError'
}

/** What graphs take: `points` [1, 4, 2] and `labels` [1, 4]. Throws `PromptError` for none, or more than fit. */
export function promptTensors(prompt: readonly PromptPoint[]): { points: Float32Array; labels: Float32Array } {
  if (prompt.length < 1 || prompt.length > POINTS) {
    throw new PromptError(`A prompt has 1 to ${POINTS} points, a box counting as two; ${prompt.length} were given.`)
  }
  const points = new Float32Array(2 * POINTS)
  const labels = new Float32Array(POINTS).fill(ABSENT)
  prompt.forEach(({ x, y, label }, place) => {
    points.set([x, y], 2 * place)
    labels[place] = label
  })
  return { points, labels }
}
