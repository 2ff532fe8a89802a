import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

const folder = new URL('../', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('public/manifest.webmanifest', folder), 'utf8'))

/** Width and height, as the header of a PNG has them. */
function sizes(file: string): string {
  const png = readFileSync(new URL(`public/${file}`, folder))
  assert.equal(png.toString('latin1', 1, 4), 'PNG')
  return `${png.readUInt32BE(16)}x${png.readUInt32BE(20)}`
}

test('the page names its web app manifest, which has what browsers install by', () => {
  assert.match(readFileSync(new URL('index.html', folder), 'utf8'), /<link rel="manifest" href="\.\/manifest\.webmanifest">/)
  const { name, start_url, scope, display } = manifest
  assert.deepEqual({ name, start_url, scope, display }, {
    name: 'vitexport', start_url: './', scope: './', display: 'standalone',
  })
})

test('its icons are there, in the sizes that it says and browsers ask for', () => {
  for (const { src, sizes: said, type } of manifest.icons) assert.deepEqual([said, type], [sizes(src), 'image/png'])
  const asked = manifest.icons.map(({ sizes: said, purpose = 'any' }: Record<string, string>) => `${said} ${purpose}`)
  assert.deepEqual(asked, ['192x192 any', '512x512 any', '512x512 maskable'])
})
