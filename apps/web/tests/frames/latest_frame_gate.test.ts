/** The gate by itself, and under the load that it is for: a camera at 30 frames a second, a model at 5. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as settled } from 'node:timers/promises'

import { LatestFrameGate } from '../../src/frames/latest_frame_gate.ts'

class Frame {
  readonly number: number
  readonly at: number
  closed = 0

  constructor(number: number, at = 0) {
    this.number = number
    this.at = at
  }

  close(): void {
    this.closed += 1
  }
}

function held() {
  const begun: { frame: Frame; end: () => void; fail: (error: Error) => void }[] = []
  const errors: unknown[] = []
  const gate = new LatestFrameGate<Frame>(
    (frame) => new Promise((end, fail) => begun.push({ frame, end, fail })),
    (error) => errors.push(error),
  )
  return { gate, begun, errors }
}

test('a frame that comes while another is in flight waits', async () => {
  const { gate, begun } = held()
  gate.offer(new Frame(0))
  gate.offer(new Frame(1))
  await settled()
  assert.deepEqual(begun.map(({ frame }) => frame.number), [0])
  begun[0]!.end()
  await settled()
  assert.deepEqual(begun.map(({ frame }) => frame.number), [0, 1])
  assert.equal(gate.dropped, 0)
})

test('the newest frame takes the place of the one that waits, which is closed and counted', async () => {
  const { gate, begun } = held()
  const frames = [0, 1, 2, 3].map((number) => new Frame(number))
  for (const frame of frames) gate.offer(frame)
  begun[0]!.end()
  await settled()
  assert.deepEqual(begun.map(({ frame }) => frame.number), [0, 3])
  assert.equal(gate.dropped, 2)
  assert.deepEqual(frames.map(({ closed }) => closed), [1, 1, 1, 0])
})

test('a frame that fails is reported, and the next has its turn', async () => {
  const { gate, begun, errors } = held()
  const failing = new Frame(0)
  gate.offer(failing)
  gate.offer(new Frame(1))
  begun[0]!.fail(new Error('out of memory'))
  await settled()
  assert.deepEqual(errors, [new Error('out of memory')])
  assert.equal(failing.closed, 1)
  assert.equal(begun[1]!.frame.number, 1)
})

test('a frame that waits can be given up, and the gate is drained once the one in flight ends', async () => {
  const { gate, begun } = held()
  const waiting = new Frame(1)
  let drained = false
  gate.offer(new Frame(0))
  gate.offer(waiting)
  gate.clear()
  void gate.drained().then(() => { drained = true })
  await settled()
  assert.equal(drained, false)
  begun[0]!.end()
  await settled()
  assert.equal(drained, true)
  assert.equal(begun.length, 1)
  assert.equal(waiting.closed, 1)
})

test('with a model of 200 ms one frame is in flight, and masks are at most two of its periods old', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  const CAMERA_MS = 33
  const MODEL_MS = 200
  let now = 0
  let inFlight = 0
  let mostInFlight = 0
  const frames: Frame[] = []
  const ages: number[] = []
  const gate = new LatestFrameGate<Frame>(
    async (frame) => {
      mostInFlight = Math.max(mostInFlight, ++inFlight)
      await new Promise((end) => setTimeout(end, MODEL_MS))
      inFlight -= 1
      ages.push(now - frame.at)
    },
    (error) => { throw error },
  )
  const camera = setInterval(() => {
    frames.push(new Frame(frames.length, now))
    gate.offer(frames.at(-1)!)
  }, CAMERA_MS)
  for (; now < 10_000; now += 1) {
    context.mock.timers.tick(1)
    await settled()
  }
  clearInterval(camera)

  assert.equal(mostInFlight, 1)
  assert.ok(ages.length >= 47, `${ages.length} masks in 10 s`)
  assert.ok(Math.max(...ages) <= 2 * MODEL_MS, `the oldest was ${Math.max(...ages)} ms old`)
  const open = frames.filter(({ closed }) => closed === 0).length
  assert.ok(open <= 2, `${open} frames hold memory`)
  assert.equal(gate.dropped, frames.length - ages.length - open)
  assert.ok(frames.every(({ closed }) => closed <= 1))
})
