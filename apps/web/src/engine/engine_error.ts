/** A call that the engine cannot answer, in one sentence for the user. */
export class EngineError extends Error {
  override readonly name = 'EngineError'
}
