/** Every frame of a file is found, once each, whatever the times of its frames and however late they are shown. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as passed } from 'node:timers/promises'

import { VideoFile } from '../../src/frames/video_file.ts'
import { page, VideoElement } from './videos.ts'

const opened = (video: VideoElement): Promise<VideoFile> => {
  page.gives(video)
  return VideoFile.open(new File([], 'clip.webm'))
}

/** The times of all frames that are found, s */
async function found(file: VideoFile): Promise<number[]> {
  const times = [file.time]
  while (await file.next()) times.push(file.time)
  return times
}

const even = (count: number, rate: number): number[] => Array.from({ length: count }, (_, frame) => frame / rate)

const CLIPS = [
  ['30 frames a second', even(10, 30), 10 / 30],
  ['slow motion of 240 frames a second', even(10, 240), 10 / 240],
  ['uneven times', [0, 0.04, 0.1, 0.14, 0.22, 0.26], 0.3],
  ['a recording that begins with a picture that stands still', [0, 1, ...even(6, 30).map((time) => time + 1.04)], 1.3],
] as const

for (const [name, times, length] of CLIPS) {
  for (const repeats of [true, false]) {
    test(`every frame is found in ${name}${repeats ? '' : ', where a frame is not shown twice'}`, async () => {
      const video = new VideoElement(times, length)
      video.repeats = repeats
      assert.deepEqual(await found(await opened(video)), times)
    })
  }
}

test('a frame that a busy device shows late is waited for', async () => {
  const video = new VideoElement(even(3, 240), 3 / 240)
  video.late = 5
  page.drawingMs = 70
  assert.deepEqual(await found(await opened(video)), even(3, 240))
  page.drawingMs = 0
})

test('in a page that is hidden no frame is passed', async () => {
  const file = await opened(new VideoElement(even(6, 120), 6 / 120))
  const all = found(file)
  page.hidden = true
  await passed(400)
  page.hidden = false
  assert.deepEqual(await all, even(6, 120))
})

test('the length of what a browser recorded is found at its end', async () => {
  const file = await opened(new VideoElement(even(3, 30), 0.1, Infinity))
  assert.equal(file.duration, 0.1)
  assert.deepEqual(await found(file), even(3, 30))
})

test('a video whose length nobody can tell is refused in a sentence', async () => {
  const endless = new VideoElement([0], Infinity)
  await assert.rejects(opened(endless), /cannot tell how long clip.webm is: save it as MP4/)
})
