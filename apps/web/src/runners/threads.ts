/** How many threads a runtime can have in this browser. */

import { RunnerError, type RuntimeName } from './graph_runner.ts'

/** 1 where pages may not share memory with workers; LiteRT's threads need relaxed SIMD as well, which Safari lacks. */
export async function mostThreads(runtime: RuntimeName): Promise<number> {
  if (!crossOriginIsolated) return 1
  if (runtime === 'litert') {
    const { supportsFeature } = await import('@litertjs/core')
    if (!await supportsFeature('relaxedSimd')) return 1
  }
  return navigator.hardwareConcurrency
}

/** More threads than a phone has fast cores make a frame wait for its slow ones */
const DEFAULT_THREADS = 4

/** How many are taken unless a person chooses, where a runtime can have `most`. */
export function defaultThreads(most: number): number {
  return Math.min(DEFAULT_THREADS, most)
}

/** Numbers to choose from, of which `most` is the greatest and `used` is one. */
export function threadCounts(most: number, used = 1): readonly number[] {
  const powers = [1, 2, 4, 8, 16].filter((count) => count <= most)
  return [...new Set([...powers, used])].toSorted((one, other) => one - other)
}

/** Throws `RunnerError` where the runtime cannot have so many. */
export async function checkThreads(runtime: RuntimeName, threads: number): Promise<void> {
  if (threads > 1 && await mostThreads(runtime) === 1) {
    const how = crossOriginIsolated ? 'another browser' : 'a page from vitexport serve app over https or localhost'
    throw new RunnerError(`${threads} threads need ${how}: choose one thread.`)
  }
}
