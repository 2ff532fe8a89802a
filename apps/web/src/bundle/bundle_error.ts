/** A bundle that is refused. The message is one sentence, which says what is wrong and what to do. */
export class BundleError extends Error {
  override readonly name = 'BundleError'
}
