/** Part of the latency view: on which devices the model keeps up with so many frames a second. */

import { linkTo } from './address.js'
import { deviceNames, get } from './api.js'
import { awaited } from './awaited.js'
import { html } from './elements.js'
import { counted, figure, interval } from './figures.js'
import { askedUnit, processor } from './ran.js'
import { table } from './table.js'

const REACHED = (row) => (row.vague ? 'hardly known' : row.surely ? 'yes, surely' : row.reaches ? 'likely' : 'no')

export function advice(model, signal) {
  const fps = html('input', {
    id: 'fps', type: 'number', min: '1', max: '1000', step: 'any', value: '30', required: true,
  })
  const found = html('div')
  const ask = (event) => {
    event.preventDefault()
    const answer = () => Promise.all([get('advise', { model, fps: fps.value }, signal), deviceNames()])
    found.replaceChildren(awaited('Comparing all devices; this takes some seconds…', answer, verdict))
  }
  return html(
    'section', {},
    html('h2', {}, 'Where it keeps up'),
    html(
      'form', { class: 'filters', submit: ask },
      html('div', {}, html('label', { for: 'fps' }, 'Frames a second'), fps),
      html('button', { type: 'submit' }, 'Compare devices'),
    ),
    found,
  )
}

/** Of each device the row that comes first, and how many devices reach it. */
function verdict([{ model, fps, rows, unknown_devices: unknown }, nameOf]) {
  const best = rows.filter((row, place) => rows.findIndex(({ device }) => device === row.device) === place)
  const reaching = best.filter(({ reaches }) => reaches).length
  const devices = counted(best.length + unknown.length, 'device')
  return [
    html('p', {}, `${model} is expected to reach ${fps} frames a second on ${reaching} of ${devices}.`),
    best.length > 0 && table(`Best way on each device, for ${fps} frames a second`, [
      { title: 'Device', cell: ({ device, format, unit, precision, size }) => html('a', {
        href: linkTo('latency', { device, size, precision, runtime: format, unit: askedUnit(unit) }),
      }, nameOf(device)) },
      { title: 'Reached', cell: REACHED },
      { title: 'Way', cell: (row) => `${row.format} ${row.precision}, ${processor(row.unit)}` },
      { title: 'px', number: true, cell: (row) => String(row.size) },
      { title: 'ms', number: true, cell: (row) => figure(row.ms) },
      { title: 'Nine times in ten', number: true, cell: interval },
      { title: 'By', cell: (row) => row.method },
    ], best),
    unknown.length > 0 && html('p', { class: 'note' }, `Nothing is known of it on ${unknown.map(nameOf).join(', ')}.`),
  ]
}
