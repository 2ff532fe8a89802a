/**
 * Times the kernels of a pack, in groups whose kernels take turns, so that whatever slows the device for a while slows
 * all of a group alike. A kernel that does not load or run is left out, and the others go on.
 */

import type { PackResult } from '../benchmark/result.ts'
import type { Progress } from '../engine/progress.ts'
import type { LoadGraph, TimedRunner } from '../runners/graph_runner.ts'
import { elements } from '../runners/shapes.ts'
import { KernelClock, clockStep } from './clock.ts'
import { PackError } from './manifest.ts'
import type { PackedKernel } from './manifest.ts'
import type { Pack } from './pack.ts'

/** Kernels that are loaded at once: as many as fit into the memory of a small phone */
const GROUP = 16

const ROUNDS = 5

/** A kernel that is loaded. */
interface Running {
  readonly kernel: PackedKernel
  readonly runner: TimedRunner
  readonly clock: KernelClock
}

type Failure = PackResult['failures'][number]

/** Says how many turns a group had, loading being the first, and what comes now; hears whether to go on. */
type GoOn = (turns: number, what: string) => Promise<boolean>

/**
 * All kernels of a pack, or, where it is stopped, those that had a turn. `load` is that of the pack's runtime. What a
 * kernel throws is among the failures; throws `PackError` where all fail.
 */
export async function timePack(pack: Pack, load: LoadGraph, threads: number, progress: Progress): Promise<PackResult> {
  const { runtime, unit, precision, kernels } = pack.manifest
  const startedAt = new Date().toISOString()
  const begin = performance.now()
  const step = clockStep()
  const times: Record<string, NonNullable<KernelClock['times']>> = {}
  const failures: Failure[] = []
  let going = true
  for (let first = 0; first < kernels.length && going; first += GROUP) {
    const group = kernels.slice(first, first + GROUP)
    const goOn: GoOn = async (turns, what) => {
      const share = (first + (group.length * turns) / (ROUNDS + 1)) / kernels.length
      going &&= await progress(share, what)
      return going
    }
    const running = await loaded(group, first, goOn)
    const these = group.length > 1 ? `kernels ${first + 1} to ${first + group.length}` : `kernel ${first + 1}`
    try {
      await takeTurns(running, failures, (turn) =>
        goOn(turn, `Round ${turn} of ${ROUNDS}: ${these} of ${kernels.length}`),
      )
      for (const { kernel, clock } of running) if (clock.times !== null) times[kernel.key] = clock.times
    } finally {
      for (const { runner } of running) await runner.release()
    }
  }
  const stopped = !going
  if (!stopped && Object.keys(times).length === 0) {
    throw new PackError(`No kernel of the pack gave a time; of the first: ${failures[0]?.reason}`)
  }
  const packSha256 = pack.sha256
  const total = kernels.length
  const seconds = (performance.now() - begin) / 1000
  return { packSha256, runtime, unit, precision, threads, kernels: times, failures, total, stopped, seconds, startedAt }

  /** Those of a group that load, warm; `first` is the place of its first in the pack. */
  async function loaded(group: readonly PackedKernel[], first: number, goOn: GoOn): Promise<Running[]> {
    const running: Running[] = []
    for (const [place, kernel] of group.entries()) {
      if (!(await goOn(place / group.length, `Loading kernel ${first + place + 1} of ${kernels.length}`))) break
      const artefact = await pack.read(kernel)
      let runner: TimedRunner | undefined
      try {
        runner = await load(artefact, kernel.inputs, 'any', { unit, threads })
        const clock = new KernelClock(runner.prepared(randomInputs(kernel)), step)
        await clock.warmUp()
        running.push({ kernel, runner, clock })
      } catch (error) {
        failures.push(failure(kernel, error))
        await runner?.release()
      }
    }
    return running
  }
}

/** Rounds until the last, or until it is stopped; one that fails in a round has no further, and what it has is void. */
async function takeTurns(
  running: Running[], failures: Failure[], goOn: (turn: number) => Promise<boolean>,
): Promise<void> {
  for (let turn = 1; turn <= ROUNDS; turn++) {
    if (!(await goOn(turn))) return
    for (const one of [...running]) {
      try {
        await one.clock.round()
      } catch (error) {
        failures.push(failure(one.kernel, error))
        running.splice(running.indexOf(one), 1)
        await one.runner.release()
      }
    }
  }
}

function failure({ key }: PackedKernel, error: unknown): Failure {
  return { key, reason: error instanceof Error ? error.message : String(error) }
}

/** Numbers from 0 to 1: of zeros alone some processors make short work */
function randomInputs({ inputs }: PackedKernel): Readonly<Record<string, Float32Array>> {
  return Object.fromEntries(inputs.map(({ name, shape }) => [
    name, Float32Array.from({ length: elements(shape) }, Math.random),
  ]))
}
