/**
 * How fast the loaded graphs are: for some seconds all that a frame of the camera takes, one object followed, from the
 * resize to the mask. Nothing is shown meanwhile, and no frame is waited for.
 */

import type { LoadedGraphs } from '../engine/load.ts'
import type { FramePixels } from '../engine/pixels.ts'
import type { Progress } from '../engine/progress.ts'
import { Tracker } from '../tracker/tracker.ts'
import { DISC, syntheticFrames } from './frames.ts'
import type { BenchmarkResult, GraphTimes } from './result.ts'
import { medians, timesOf } from './statistics.ts'

/** Frames that are not timed: runtimes take memory, and browsers compile, in the first ones. */
const WARMUP = 5

/** ms */
const HALF_MINUTE = 30_000

/** Between two looks at whether to go on, in ms: they take time that is not the frame's. */
const LOOK_EVERY = 250

/** What the clock adds up. */
interface Timed {
  readonly graphs: Record<string, number[]>
  readonly resize: number[]
  readonly frames: number[]
}

/**
 * Follow a disc for `seconds`, at least for one frame, on a tracker of its own. `state` is the manifest's, `size` the
 * image's side. Throws what the graphs throw.
 */
export async function benchmark(
  { graphs, loadMs }: LoadedGraphs,
  state: Readonly<Record<string, string>>,
  pixels: FramePixels,
  size: number,
  seconds: number,
  progress: Progress,
): Promise<Omit<BenchmarkResult, 'configuration' | 'selfTest'>> {
  const startedAt = new Date().toISOString()
  const tracker = new Tracker(graphs, state)
  const frames = syntheticFrames()
  try {
    const prompt = { object: 0, points: [{ x: DISC.x * size, y: DISC.y * size, label: 1 as const }] }
    const first = (await tracker.follow(pixels.planesOf(frames[0]!), [prompt])).ms
    const firstMs: Record<string, number> = {}
    let warmup = 0
    while (warmup < WARMUP && await progress(0, 'Warming up')) {
      const { ms } = await tracker.follow(pixels.planesOf(frames[++warmup % frames.length]!))
      for (const [graph, [took]] of Object.entries(ms)) firstMs[graph] ??= first[graph]?.[0] ?? took!
    }
    const timed = await timedFrames(tracker, pixels, frames, seconds, progress)
    const graphTimes = Object.entries(timed.ms.graphs).map(([graph, ms]): [string, GraphTimes] => [
      graph, { ...timesOf(ms), firstMs: firstMs[graph] ?? ms[0]!, loadMs: loadMs[graph]! },
    ])
    const { p50, p90 } = timesOf(timed.ms.frames)
    return {
      warmup,
      graphs: Object.fromEntries(graphTimes),
      resize: timesOf(timed.ms.resize),
      e2e: { fps: (1000 * timed.ms.frames.length) / timed.elapsed, p50, p90 },
      halfMinutes: medians(timed.ms.frames, HALF_MINUTE),
      seconds: timed.elapsed / 1000,
      stopped: timed.stopped,
      startedAt,
    }
  } finally {
    for (const frame of frames) frame.close()
  }
}

async function timedFrames(
  tracker: Tracker, pixels: FramePixels, frames: readonly ImageBitmap[], seconds: number, progress: Progress,
): Promise<{ readonly ms: Timed; readonly elapsed: number; readonly stopped: boolean }> {
  const ms: Timed = { graphs: {}, resize: [], frames: [] }
  const begin = performance.now()
  const end = begin + 1000 * seconds
  let looked = begin
  let stopped = false
  for (let now = begin, count = WARMUP + 1; ms.frames.length === 0 || now < end; count++) {
    const planes = pixels.planesOf(frames[count % frames.length]!)
    ms.resize.push(performance.now() - now)
    const seen = await tracker.follow(planes)
    for (const [graph, took] of Object.entries(seen.ms)) (ms.graphs[graph] ??= []).push(...took)
    const done = performance.now()
    ms.frames.push(done - now)
    now = done
    if (done - looked < LOOK_EVERY) continue
    looked = done
    const share = Math.min(1, (done - begin) / (end - begin))
    stopped = !(await progress(share, `Frames: ${ms.frames.length}`))
    if (stopped) break
    now = performance.now()
  }
  return { ms, elapsed: performance.now() - begin, stopped }
}
