/** A camera that does not start is let go of. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Camera } from '../../src/frames/camera.ts'
import { page, VideoElement } from './videos.ts'

test('a camera whose pictures cannot be shown is turned off, and a sentence says so', async () => {
  const video = new VideoElement()
  video.starts = Promise.reject(new DOMException('no picture', 'NotSupportedError'))
  let on = true
  const track = { stop: () => { on = false } }
  const mediaDevices = { getUserMedia: async () => ({ getTracks: () => [track], getVideoTracks: () => [track] }) }
  page.gives(video)
  Object.defineProperty(globalThis, 'navigator', { value: { mediaDevices } })
  await assert.rejects(Camera.open('user'), /The camera does not start: no picture/)
  assert.equal(on, false)
})
