/** Choices above a view: each is kept in the address, and a change opens the view anew. */

import { go, linkHere } from './address.js'
import { html } from './elements.js'

/** `tflite` -> its name; what may be asked of an estimate */
export const RUNTIMES = [
  ['tflite', 'LiteRT (tflite)'], ['executorch', 'ExecuTorch'], ['onnx', 'ONNX Runtime'], ['coreml', 'Core ML'],
  ['coreai', 'Core AI'], ['pytorch', 'PyTorch Mobile'], ['qnn', 'QNN'],
]
const PAUSE = 300
/** ms after which a choice holds: who types a name, or goes down by arrow keys, passes others */

export const UNITS = [['cpu', 'CPU'], ['gpu', 'GPU'], ['npu', 'NPU']]
export const PRECISIONS = [
  'fp32', 'fp16', 'int8', 'int8-weights', 'int8-dynamic', 'mixed', 'w8', 'w8a8', 'palette6', 'palette4', 'sparse',
].map((name) => [name, name])

let chosen = {}
let waiting
/** What was chosen since the view was opened, and the timer after which it holds */

function choose(changes) {
  chosen = { ...chosen, ...changes }
  clearTimeout(waiting)
  waiting = setTimeout(() => go(linkHere(chosen)), PAUSE)
}

addEventListener('popstate', () => {
  chosen = {}
  clearTimeout(waiting)
})

/** A row of labelled choices. */
export const filters = (...choices) => html('div', { class: 'filters' }, choices)

/**
 * A select for the address's parameter `key`. `otherwise` names what holds without it; `options` are `[value, text]`,
 * or a promise of them. `besides` are parameters that a change takes away.
 */
export function filter(key, label, options, present, otherwise, besides = {}) {
  const select = html('select', { id: `filter-${key}`, change: () => choose({ ...besides, [key]: select.value }) })
  const fill = (found) => {
    const known = !present || found.some(([value]) => String(value) === present)
    const all = [['', otherwise], ...(known ? [] : [[present, present]]), ...found]
    select.replaceChildren(...all.map(([value, text]) => html('option', { value }, text)))
    select.value = present ?? ''
  }
  fill([])
  Promise.resolve(options).then(fill, () => {}) // the view says what the service refuses
  return html('div', {}, html('label', { for: select.id }, label), select)
}
