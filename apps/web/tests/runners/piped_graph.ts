/** A graph that `apps/pipe_worker.py` runs with the runtime that verified it; that file has what is said in the pipes. */

import { openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'

import type { ManifestTensor } from '../../src/bundle/manifest.ts'
import type { GraphRunner } from '../../src/runners/graph_runner.ts'
import { RunnerError } from '../../src/runners/graph_runner.ts'

/** Both ends of a worker that waits for a program. */
export class Pipes {
  readonly #requests: number
  readonly #replies: number

  /** Waits until the worker has opened its ends. */
  constructor(folder: string) {
    this.#requests = openSync(join(folder, 'requests'), 'w')
    this.#replies = openSync(join(folder, 'replies'), 'r')
  }

  /** A graph of the worker's bundle in a format. */
  graph(
    format: string, graph: string, inputs: readonly ManifestTensor[], outputs: readonly ManifestTensor[],
  ): GraphRunner {
    return {
      inputs,
      outputs,
      release: async () => {},
      run: async (given, taken) => {
        this.#ask({ format, graph, inputs: Object.fromEntries(inputs.map(({ name, shape }) => [name, shape])) })
        for (const { name } of inputs) this.#write(given[name]!)
        const reply = JSON.parse(this.#line()) as { outputs: Record<string, number[]> } | { error: string }
        if ('error' in reply) throw new RunnerError(reply.error)
        for (const [name, shape] of Object.entries(reply.outputs)) {
          const values = this.#floats(shape.reduce((product, extent) => product * extent, 1))
          taken[name]?.set(values)
        }
      },
    }
  }

  #ask(request: object): void {
    writeSync(this.#requests, `${JSON.stringify(request)}\n`)
  }

  #write(values: Float32Array): void {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    for (let done = 0; done < bytes.length;) done += writeSync(this.#requests, bytes, done)
  }

  #line(): string {
    const line: number[] = []
    for (let [byte] = this.#read(1); byte !== 10; [byte] = this.#read(1)) line.push(byte!)
    return new TextDecoder().decode(Uint8Array.from(line))
  }

  #floats(count: number): Float32Array {
    return new Float32Array(this.#read(4 * count).buffer)
  }

  #read(count: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(count)
    for (let done = 0; done < count;) {
      const more = readSync(this.#replies, bytes, done, count - done, null)
      if (more === 0) throw new RunnerError('The worker ended; see what it says.')
      done += more
    }
    return bytes
  }
}
