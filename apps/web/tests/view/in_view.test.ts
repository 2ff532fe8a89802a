import assert from 'node:assert/strict'
import { test } from 'node:test'

import { inView } from '../../src/view/in_view.ts'

/** What stands for the page here: whether it is seen, and whether its screen is kept on */
const page = Object.assign(new EventTarget(), { hidden: false })
const screen = { kept: false }
const wakeLock = {
  async request() {
    screen.kept = true
    return { async release() { screen.kept = false } }
  },
}
Object.defineProperty(globalThis, 'document', { value: page })
Object.defineProperty(navigator, 'wakeLock', { value: wakeLock })

function show(seen: boolean): void {
  page.hidden = !seen
  page.dispatchEvent(new Event('visibilitychange'))
}

test('the screen is kept on while something is timed, and no longer', async () => {
  const seen = await inView(async () => screen.kept, () => assert.fail())
  assert.deepEqual([seen, screen.kept], [true, false])
  await assert.rejects(inView(async () => { throw new Error('no graph') }, () => assert.fail()), /no graph/)
  assert.equal(screen.kept, false)
})

test('what was out of view for a moment is stopped and refused', async () => {
  let stops = 0
  const work = async () => {
    show(false)
    show(true)
    assert.ok(stops > 0)
  }
  await assert.rejects(inView(work, () => { stops++ }), /out of view meanwhile.*run it again/)
})
