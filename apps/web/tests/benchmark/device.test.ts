import assert from 'node:assert/strict'
import { test } from 'node:test'

import { deviceOf } from '../../src/benchmark/device.ts'

const CHROME = 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36'
const FIREFOX = 'Mozilla/5.0 (Android 14; Mobile; rv:143.0) Gecko/143.0 Firefox/143.0'
const SAFARI =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 ' +
  'Mobile/15E148 Safari/604.1'
const MAC =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15'
const HEADLESS =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0.0.0 Safari/537.36'

const brands = (...names: string[]) => names.map((brand) => ({ brand, version: '140.0.1' }))

test('client hints go before the user agent, which makes up versions', () => {
  const hints = {
    brands: brands('Not=A?Brand', 'Chromium', 'Google Chrome'),
    platform: 'Android',
    platformVersion: '14.0.0',
    model: 'Pixel 8',
  }
  assert.deepEqual(deviceOf(CHROME, hints), { model: 'Pixel 8', os: 'Android 14', browser: 'Chrome 140' })
})

test('a browser is called by its most particular brand', () => {
  const hints = { brands: brands('Chromium', 'Microsoft Edge'), platform: 'Windows', platformVersion: '15.0.0' }
  assert.deepEqual(deviceOf('Windows NT 10.0', hints), {
    model: 'Windows computer', os: 'Windows 11', browser: 'Edge 140',
  })
})

test('a browser that is a Chromium of another name keeps its own, whatever stands beside it', () => {
  const called = (...names: string[]) => deviceOf(CHROME, { brands: brands(...names), platform: 'Linux' }).browser
  assert.equal(called('Not_A Brand', 'Chromium', 'Brave'), 'Brave 140')
  assert.equal(called('Samsung Internet', 'Not)A;Brand', 'Chromium'), 'Samsung Internet 140')
  assert.equal(called('Chromium', ';Not A Brand'), 'Chromium 140')
  assert.equal(called('Not.A/Brand'), 'Chrome 140')
})

test('without hints the user agent tells what it can', () => {
  assert.deepEqual(deviceOf(FIREFOX), { model: 'Android phone', os: 'Android 14', browser: 'Firefox 143' })
  assert.deepEqual(deviceOf(SAFARI), { model: 'iPhone', os: 'iOS 18.1', browser: 'Safari 18' })
})

test('a version that browsers make up is none', () => {
  assert.deepEqual(deviceOf(MAC), { model: 'Mac', os: '', browser: 'Safari 18' })
  const linux = { brands: brands('Chromium', 'HeadlessChrome'), platform: 'Linux', platformVersion: '', model: '' }
  assert.deepEqual(deviceOf(HEADLESS, linux), { model: 'Linux computer', os: '', browser: 'Chromium 140' })
})
