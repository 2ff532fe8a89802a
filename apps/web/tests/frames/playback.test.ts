/** Playing and pausing, as often as a person likes. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Playback } from '../../src/frames/frame_source.ts'
import { VideoElement } from './videos.ts'

test('after several pauses each frame is told of once', async () => {
  const video = new VideoElement()
  const playback = new Playback(video as never)
  const times: number[] = []
  for (let start = 0; start < 4; start += 1) {
    await playback.play((time) => times.push(time))
    if (start < 3) playback.pause()
  }
  video.present(0.1)
  video.present(0.2)
  assert.deepEqual(times, [0.1, 0.2])
})

test('a pause before it goes on is no fault, and nothing is told of then', async () => {
  const video = new VideoElement()
  video.starts = new Promise(() => undefined)
  const playback = new Playback(video as never)
  const times: number[] = []
  const playing = playback.play((time) => times.push(time))
  playback.pause()
  await playing
  video.present(0.1)
  assert.deepEqual(times, [])
})

test('a video that cannot be played is a fault', async () => {
  const video = new VideoElement()
  video.starts = Promise.reject(new DOMException('It cannot be decoded.', 'NotSupportedError'))
  await assert.rejects(new Playback(video as never).play(() => undefined), /cannot be decoded/)
})
