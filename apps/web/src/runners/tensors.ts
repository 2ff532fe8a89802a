/** What both runtimes do alike with named tensors, and with what they say of their failures. */

import { RunnerError, type Tensors } from './graph_runner.ts'

/** The values of an input. Throws `RunnerError` where the caller forgot it. */
export function given(inputs: Tensors, name: string): Float32Array {
  const values = inputs[name]
  if (values === undefined) throw new RunnerError(`The graph needs an input ${name}, and was given none.`)
  return values
}

/** Why a runtime failed, on one line */
export function reason(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim().split('\n', 1)[0] ?? ''
}
