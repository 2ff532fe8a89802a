/** What the user points at: which object a point is for, and when it counts together with earlier ones. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { ObjectStatus, Tracked } from '../../src/engine/messages.ts'
import { MOST_OBJECTS, Objects, PromptError } from '../../src/following/objects.ts'

function none(): Objects {
  return new Objects(() => undefined)
}

function tracked(...objects: readonly (readonly [number, ObjectStatus])[]): Tracked {
  const mask = { maskLogits: new Float32Array(1), side: 1, iou: 1, objectScore: 1 }
  return { frame: 0, ms: {}, objects: objects.map(([id, status]) => ({ id, status, ...mask })) }
}

test('a point without a selected object begins a new one, which is selected', () => {
  const objects = none()
  objects.point(10, 20, 1, 0)
  assert.deepEqual(objects.take(), [{ object: 1, points: [{ x: 10, y: 20, label: 1 }] }])
  assert.equal(objects.selected, 1)
})

test('a further point in the same still frame is passed with all before', () => {
  const objects = none()
  objects.point(10, 20, 1, 5)
  objects.take()
  objects.point(30, 40, 0, 5)
  assert.deepEqual(objects.take(), [{ object: 1, points: [{ x: 10, y: 20, label: 1 }, { x: 30, y: 40, label: 0 }] }])
})

test('a point in a later frame starts the object anew', () => {
  const objects = none()
  objects.point(10, 20, 1, 5)
  objects.point(30, 40, 1, 6)
  assert.deepEqual(objects.take(), [{ object: 1, points: [{ x: 30, y: 40, label: 1 }] }])
})

test('while the picture moves, every point starts anew, and nothing can be taken away', () => {
  const objects = none()
  objects.point(10, 20, 1, null)
  objects.point(30, 40, 1, null)
  assert.deepEqual(objects.take()[0]!.points, [{ x: 30, y: 40, label: 1 }])
  assert.throws(() => objects.point(1, 1, 0, null), PromptError)
})

test('what does not belong to an object is refused before there is one', () => {
  assert.throws(() => none().point(1, 1, 0, 0), /Point at the object first/)
})

test('a fifth point is refused, and the four stay', () => {
  const objects = none()
  for (const x of [1, 2, 3, 4]) objects.point(x, 0, 1, 0)
  assert.throws(() => objects.point(5, 0, 1, 0), /4 points/)
  assert.equal(objects.list[0]!.points.length, 4)
})

test('a box starts its object anew, and points in the same frame refine it', () => {
  const objects = none()
  objects.point(9, 9, 1, 0)
  objects.box(1, 2, 3, 4, 0)
  objects.point(2, 3, 1, 0)
  const corners = [{ x: 1, y: 2, label: 2 }, { x: 3, y: 4, label: 3 }]
  assert.deepEqual(objects.take()[0]!.points, [...corners, { x: 2, y: 3, label: 1 }])
})

test('a deleted number is free again, and what was still on its way does not bring the object back', () => {
  const objects = none()
  objects.point(1, 1, 1, 0)
  objects.select(null)
  objects.point(2, 2, 1, 0)
  objects.delete(1)
  objects.see(tracked([1, 'tracking'], [2, 'tracking']))
  assert.deepEqual(objects.list.map(({ id }) => id), [2])
  objects.select(null)
  objects.point(3, 3, 1, 0)
  assert.deepEqual(objects.list.map(({ id }) => id), [1, 2])
})

test('more objects than can be told apart are refused', () => {
  const objects = none()
  for (let count = 0; count < MOST_OBJECTS; count += 1) {
    objects.select(null)
    objects.point(1, 1, 1, 0)
  }
  objects.select(null)
  assert.throws(() => objects.point(1, 1, 1, 0), /delete one first/)
})

test('an object is waiting until it was seen, and lost when the tracker says so', () => {
  const objects = none()
  objects.point(1, 1, 1, 0)
  assert.equal(objects.list[0]!.status, 'waiting')
  objects.see(tracked([1, 'prompted']))
  assert.equal(objects.list[0]!.status, 'prompted')
  objects.see(tracked([1, 'lost']))
  assert.equal(objects.list[0]!.status, 'lost')
})

test('prompts are taken once', () => {
  const objects = none()
  objects.point(1, 1, 1, 0)
  assert.equal(objects.take().length, 1)
  assert.equal(objects.asked, false)
  assert.deepEqual(objects.take(), [])
})

test('a prompt that came to nothing is asked for again, as it is by then', () => {
  const objects = none()
  objects.point(1, 1, 1, 0)
  objects.select(null)
  objects.point(2, 2, 1, 0)
  const prompts = objects.take()
  objects.delete(1)
  objects.point(3, 3, 1, 0)
  objects.giveBack(prompts)
  assert.deepEqual(objects.take(), [{ object: 2, points: [{ x: 2, y: 2, label: 1 }, { x: 3, y: 3, label: 1 }] }])
})

test('elsewhere in a video, objects wait to be seen', () => {
  const objects = none()
  objects.point(1, 1, 1, 0)
  objects.see(tracked([1, 'tracking']))
  objects.elsewhere()
  const [{ seen, status }] = objects.list as [(typeof objects.list)[number]]
  assert.deepEqual([seen, status], [null, 'waiting'])
})
