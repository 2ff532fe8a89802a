/** Whether a file's inputs and outputs are those that its manifest lists: a graph with others would compute nonsense. */

import { RunnerError, type TensorSpec } from './graph_runner.ts'
import { sameShape } from './shapes.ts'

/** A tensor as a runtime finds it in a file. */
export interface FoundTensor extends TensorSpec {
  /** The runtime's word for it: "float32" */
  readonly dtype: string
}

/** Throws `RunnerError` unless both have the same names, each with the same shape and in float32; order is free. */
export function checkSignature(
  what: 'input' | 'output', found: readonly FoundTensor[], listed: readonly TensorSpec[],
): void {
  const inFile = new Map(found.map((tensor) => [tensor.name, tensor]))
  for (const { name, shape } of listed) {
    const tensor = inFile.get(name)
    if (tensor === undefined) throw refusal(`has no ${what} ${name}, which its manifest lists`)
    if (tensor.dtype !== 'float32') throw refusal(`has ${what} ${name} in ${tensor.dtype}, and apps give and take float32`)
    if (!sameShape(tensor.shape, shape)) {
      throw refusal(`has ${what} ${name} [${tensor.shape.join(', ')}], and its manifest says [${shape.join(', ')}]`)
    }
    inFile.delete(name)
  }
  for (const name of inFile.keys()) {
    throw refusal(`has an ${what} ${name}, which its manifest does not list`)
  }
}

function refusal(what: string): RunnerError {
  return new RunnerError(`The graph's file ${what}: export the model again.`)
}
