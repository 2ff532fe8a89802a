/** The page: which device and model it is about, and which of its views is open. */

import { go, linkHere, linkTo, state, whenChanged } from './address.js'
import { devices, models } from './api.js'
import { combobox } from './combobox.js'
import { html } from './elements.js'
import { refusal } from './awaited.js'

/** View -> its name, and its module, which is loaded when it is opened first */
const VIEWS = {
  latency: ['Latency', () => import('./latency.js')],
  accuracy: ['Accuracy', () => import('./accuracy.js')],
  compared: ['Predicted and measured', () => import('./compared.js')],
  published: ['Published', () => import('./published.js')],
  measurements: ['Measurements', () => import('./measurements.js')],
  upload: ['Upload', () => import('./upload.js')],
}

const place = document.getElementById('view')
const pickers = [
  ['device', 'Device', deviceOptions()],
  ['model', 'Model', modelOptions()],
].map(([key, label, options]) => [key, combobox(key, label, options, state()[key], (id) => go(addressOf(key, id)))])
document.getElementById('pickers').append(...pickers.map(([, picker]) => picker.node))
const links = Object.entries(VIEWS).map(([key, [name]]) => [key, html('a', {}, name)])
document.getElementById('views').append(...links.map(([, link]) => link))

let leaving = new AbortController()

/** Open the view that the address names; what the one before it still waits for is given up. */
async function show() {
  const now = state()
  const view = VIEWS[now.view] ? now.view : 'latency'
  const [name, load] = VIEWS[view]
  leaving.abort()
  const { signal } = (leaving = new AbortController())
  document.title = `${name} · ${now.model} on ${now.device}`
  pickers.forEach(([key, picker]) => picker.show(now[key]))
  for (const [key, link] of links) {
    link.setAttribute('href', linkTo(key))
    if (key !== view) link.removeAttribute('aria-current')
    else {
      link.setAttribute('aria-current', 'page')
      link.scrollIntoView({ block: 'nearest', inline: 'nearest' })
    }
  }
  let shown
  try {
    shown = (await load()).view(now, signal)
  } catch {
    shown = refusal({ message: 'This view could not be loaded. Look whether you are online, then try again.' }, show)
  }
  if (signal.aborted) return
  const focused = place.contains(document.activeElement) ? document.activeElement.id : ''
  place.replaceChildren(...[shown].flat())
  if (focused) (document.getElementById(focused) ?? place).focus({ preventScroll: true })
}

/** Another model is seen at its own size; another device as it prefers. */
const addressOf = (key, id) => linkHere(
  key === 'model'
    ? { model: id, size: '', before: '' }
    : { device: id, runtime: '', unit: '', precision: '', before: '' },
)

async function deviceOptions() {
  return (await devices()).map(({ id, name, soc, year, measured }) => ({
    id, name, more: [soc, year, measured && 'measured'].filter(Boolean).join(', '),
  }))
}

async function modelOptions() {
  return (await models()).map(({ id, params_m, top1, registered }) => ({
    id, name: id,
    more: [
      params_m && `${params_m.toFixed(1)} M parameters`, top1 && `top-1 ${top1.toFixed(1)} %`,
      !registered && 'measured only',
    ].filter(Boolean).join(', '),
  }))
}

whenChanged(show)
show()
