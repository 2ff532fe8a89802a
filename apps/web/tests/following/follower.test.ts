/** Which pictures the engine is asked to follow, under which numbers, and what becomes of prompts on the way. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as settled } from 'node:timers/promises'

import type { Engine } from '../../src/engine/client.ts'
import type { Calls, SeenObject, Tracked } from '../../src/engine/messages.ts'
import { Follower } from '../../src/following/follower.ts'
import { Objects } from '../../src/following/objects.ts'
import type { MovingSource } from '../../src/frames/frame_source.ts'

/** A clip of so many pictures, numbered from 0, that goes on when it is told to. */
class Clip implements MovingSource {
  readonly kind = 'video'
  readonly element = null as never
  readonly width = 1
  readonly height = 1
  readonly mirrored = false
  readonly period = null
  readonly length: number
  picture = 0
  shown: (() => void) | null = null
  /** What going to the next picture waits for */
  held: Promise<void> = Promise.resolve()

  constructor(length: number) {
    this.length = length
  }

  get time(): number {
    return this.picture / 10
  }

  async next(): Promise<boolean> {
    await this.held
    if (this.picture + 1 === this.length) return false
    this.picture += 1
    return true
  }

  async play(shown: () => void): Promise<void> {
    this.shown = shown
  }

  present(): void {
    this.picture += 1
    this.shown?.()
  }

  pause(): void {
    this.shown = null
  }

  async grab(): Promise<ImageBitmap> {
    return { width: this.picture, height: 1, close: () => undefined }
  }

  stop(): void {}
}

interface Asked {
  readonly frame: number
  readonly picture: number
  readonly prompts: readonly number[]
}

/** Finds all that it was ever asked for, once `held` lets it. */
function following(clip: Clip) {
  const asked: Asked[] = []
  const saved: (number | null)[] = []
  const errors: unknown[] = []
  const engine = { held: Promise.resolve(), fault: null as Error | null }
  const known = new Set<number>()
  const ask = async (_: string, { frame, image, prompts }: Calls['track']['ask']): Promise<Tracked> => {
    asked.push({ frame, picture: image.width, prompts: prompts.map(({ object }) => object) })
    await engine.held
    const { fault } = engine
    engine.fault = null
    if (fault !== null) throw fault
    for (const { object } of prompts) known.add(object)
    const seen = { status: 'tracking', maskLogits: new Float32Array(1), side: 1, iou: 1, objectScore: 1 } as const
    return { frame, ms: {}, objects: [...known].map((id): SeenObject => ({ id, ...seen })) }
  }
  const objects = new Objects(() => undefined)
  const follower = new Follower({ ask: ask as Engine['ask'] }, objects, {
    followed: ({ tracked, index }) => {
      saved.push(index)
      objects.see(tracked)
    },
    moved: () => undefined,
    failed: (error) => errors.push(error),
  })
  follower.source = clip
  const tap = async (): Promise<void> => {
    objects.point(0, 0, 1, follower.still)
    await follower.prompted()
    await settled()
  }
  return { follower, objects, engine, asked, saved, errors, tap }
}

function later(): { readonly held: Promise<void>; readonly go: () => void } {
  let go = (): void => undefined
  const held = new Promise<void>((resolve) => { go = resolve })
  return { held, go }
}

/** Every picture has a number of its own. */
function assertTold(asked: readonly Asked[]): void {
  const pictures = new Map<number, number>()
  for (const { frame, picture } of asked) assert.equal(pictures.get(frame) ?? picture, picture, JSON.stringify(asked))
  for (const { frame, picture } of asked) pictures.set(frame, picture)
  assert.equal(new Set(pictures.values()).size, pictures.size, JSON.stringify(asked))
}

test('every frame of a clip is followed to its end, the first of them once', async () => {
  const clip = new Clip(4)
  const { follower, asked, saved, tap } = following(clip)
  await tap()
  follower.everyFrame(clip)
  await settled()
  assert.deepEqual(asked.map(({ picture }) => picture), [0, 1, 2, 3])
  assert.deepEqual(saved, [0, 1, 2, 3])
  assert.equal(follower.running, false)
})

test('the frame that a person went to is the first that is followed', async () => {
  const clip = new Clip(4)
  const { follower, asked, saved, tap } = following(clip)
  await tap()
  clip.picture = 2
  follower.began()
  follower.everyFrame(clip)
  await settled()
  assert.deepEqual(asked.map(({ picture }) => picture), [0, 2, 3])
  assert.deepEqual(saved, [0, 0, 1])
})

test('a pause on the way to the next frame follows that frame, as another picture', async () => {
  const clip = new Clip(9)
  const { follower, asked, saved, tap } = following(clip)
  await tap()
  const { held, go } = later()
  clip.held = held
  follower.everyFrame(clip)
  await settled()
  const stopped = follower.stop()
  await settled()
  go()
  await stopped
  assert.deepEqual(asked.map(({ picture }) => picture), [0, 1])
  assert.deepEqual(saved, [0, 1])
  await tap()
  assert.deepEqual(asked.at(-1), { ...asked[1]!, prompts: [1] })
  assertTold(asked)
})

test('a point on the way to the frame that is the last before a pause is answered there', async () => {
  const clip = new Clip(9)
  const { follower, objects, engine, asked, tap } = following(clip)
  await tap()
  const { held, go } = later()
  engine.held = held
  follower.everyFrame(clip)
  await settled()
  await tap()
  const stopped = follower.stop()
  go()
  await stopped
  assert.deepEqual(asked.slice(1).map(({ picture, prompts }) => [picture, prompts]), [[1, []], [1, [1]]])
  assert.equal(objects.list[0]!.status, 'tracking')
  assertTold(asked)
})

test('a point in the last frame of a clip is answered there', async () => {
  const clip = new Clip(2)
  const { follower, objects, engine, asked, tap } = following(clip)
  await tap()
  const { held, go } = later()
  engine.held = held
  follower.everyFrame(clip)
  await settled()
  await tap()
  go()
  await settled()
  assert.equal(follower.running, false)
  assert.equal(objects.list[0]!.status, 'tracking')
  assert.deepEqual(asked.at(-1), { ...asked[1]!, prompts: [1] })
})

test('a point in live video just before a pause is answered in the picture that stands still', async () => {
  const clip = new Clip(9)
  const { follower, objects, asked, tap } = following(clip)
  await follower.play(clip)
  await tap()
  assert.deepEqual(asked, [])
  await follower.stop()
  assert.deepEqual(asked.map(({ prompts }) => prompts), [[1]])
  assert.equal(objects.list[0]!.status, 'tracking')
})

test('live video that was told to stop goes on no more, though a frame is still in flight', async () => {
  const clip = new Clip(9)
  const { follower, engine } = following(clip)
  await follower.play(clip)
  assert.ok(follower.goesOn)
  const { held, go } = later()
  engine.held = held
  clip.present()
  const stopped = follower.stop()
  assert.deepEqual([follower.running, follower.goesOn], [true, false])
  go()
  await stopped
  await follower.play(clip)
  assert.ok(follower.goesOn)
})

test('after live video, masks are numbered from the picture that it stopped at', async () => {
  const clip = new Clip(5)
  const { follower, asked, saved, tap } = following(clip)
  await follower.play(clip)
  await tap()
  clip.present()
  await settled()
  clip.present()
  await follower.stop()
  follower.everyFrame(clip)
  await settled()
  assert.deepEqual(asked.slice(-3).map(({ picture }) => picture), [2, 3, 4])
  assert.deepEqual(saved.slice(-3), [0, 1, 2])
})

test('when all is forgotten, masks are numbered from the picture that is shown', async () => {
  const clip = new Clip(3)
  const { follower, objects, saved, tap } = following(clip)
  await tap()
  follower.everyFrame(clip)
  while (follower.running) await settled()
  assert.equal(saved.at(-1), 2)
  objects.clear()
  follower.recount()
  await tap()
  assert.equal(saved.at(-1), 0)
})

test('of a frame that was in flight when all was forgotten nothing comes', async () => {
  const clip = new Clip(1)
  const { follower, objects, engine, asked, saved, tap } = following(clip)
  const { held, go } = later()
  engine.held = held
  await tap()
  assert.equal(asked.length, 1)
  objects.clear()
  go()
  await follower.stop()
  assert.deepEqual(saved, [])
})

test('when all is forgotten in live video, of which frames are left out, none is numbered', async () => {
  const clip = new Clip(3)
  const { follower, objects, saved, tap } = following(clip)
  await follower.play(clip)
  objects.clear()
  follower.recount()
  await tap()
  clip.present()
  while (saved.length === 0) await settled()
  assert.deepEqual(saved, [null])
})

test('what was asked for in a frame that failed is asked for again, and the next frame is not gone to', async () => {
  const clip = new Clip(9)
  const { follower, objects, engine, asked, errors, tap } = following(clip)
  engine.fault = new Error('out of memory')
  await tap()
  assert.deepEqual(errors, [new Error('out of memory')])
  assert.equal(objects.asked, true)
  engine.fault = new Error('out of memory')
  follower.everyFrame(clip)
  await settled()
  assert.equal(follower.running, false)
  assert.deepEqual(asked.map(({ picture, prompts }) => [picture, prompts]), [[0, [1]], [0, [1]], [0, [1]]])
  assert.equal(objects.list[0]!.status, 'tracking')
})
