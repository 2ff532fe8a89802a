import assert from 'node:assert/strict'
import { test } from 'node:test'

import { CrashMemory } from '../src/crash_memory.ts'

/** What is kept from page to page. */
function kept() {
  const items = new Map<string, string>()
  return {
    getItem: (name: string) => items.get(name) ?? null,
    setItem: (name: string, value: string) => void items.set(name, value),
    removeItem: (name: string) => void items.delete(name),
  }
}

test('what was being loaded when the page ended is known to the next page, and to those after it', () => {
  const storage = kept()
  new CrashMemory(storage).begun('nano on the GPU')
  assert.ok(new CrashMemory(storage).has('nano on the GPU'))
  assert.ok(new CrashMemory(storage).has('nano on the GPU'))
  assert.ok(!new CrashMemory(storage).has('nano on the CPU'))
})

test('what was finished is not, nor what was loaded after all', () => {
  const storage = kept()
  const page = new CrashMemory(storage)
  page.begun('one')
  page.finished()
  page.begun('two')
  const next = new CrashMemory(storage)
  assert.deepEqual(['one', 'two'].filter((what) => next.has(what)), ['two'])
  next.forget('two')
  assert.ok(!new CrashMemory(storage).has('two'))
})

test('a browser that keeps nothing remembers nothing', () => {
  const page = new CrashMemory(null)
  page.begun('one')
  assert.ok(!page.has('one'))
})
