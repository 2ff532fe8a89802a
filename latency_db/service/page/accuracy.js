/** View: latency against accuracy of every registered classifier on the device, and which of them nothing beats. */

import { linkTo } from './address.js'
import { deviceNames, get } from './api.js'
import { awaited } from './awaited.js'
import { axes, chart } from './chart.js'
import { html, svg } from './elements.js'
import { counted, figure, interval } from './figures.js'
import { filter, filters, PRECISIONS, RUNTIMES, UNITS } from './filters.js'
import { placed } from './labels.js'
import { dotMark, legend, lineMark } from './legend.js'
import { askedUnit, processor } from './ran.js'
import { linearScale, logScale } from './scales.js'
import { table } from './table.js'

export function view({ device, model, runtime, unit, precision }, signal) {
  const ask = () => Promise.all([get('pareto', { device, runtime, unit, precision }, signal), deviceNames()])
  return [
    filters(
      filter('runtime', 'Runtime', RUNTIMES, runtime, 'as the device prefers', { unit: '', precision: '' }),
      filter('unit', 'Unit', UNITS, unit, "the runtime's own"),
      filter('precision', 'Precision', PRECISIONS, precision, "the runtime's own"),
    ),
    awaited('Estimating every model…', ask, ([found, nameOf]) => shown(found, nameOf(device), model)),
  ]
}

function shown(found, device, chosen) {
  const rows = [...found.models].sort((one, other) => one.ms - other.ms)
  if (!rows.length) {
    const advice = 'Nothing is known of these models under these conditions: choose another runtime or unit.'
    return [html('p', { class: 'empty' }, advice), reasons(found)]
  }
  const { runtime, precision } = found
  const link = ({ model, size }) => linkTo('latency', { model, size, runtime, precision, unit: askedUnit(found.unit) })
  return [
    html('h2', {}, `Latency against accuracy on ${device}`),
    html('p', { class: 'conditions' }, `${runtime} in ${precision} on ${processor(found.unit)}`),
    scatter(rows, link, chosen),
    legend(
      [dotMark('dot front'), 'on the Pareto front: no other is both faster and better'],
      [dotMark('dot hollow'), 'another is'],
      [lineMark('whisker'), 'nine times in ten'],
    ),
    html(
      'p', { class: 'note' },
      'Top-1 on ImageNet-1k as it was published with the weights, in full precision; not measured here.',
    ),
    table(`${counted(rows.length, 'model')}, the fastest first`, [
      { title: 'Model', cell: (row) => html('a', { href: link(row) }, row.model) },
      { title: 'ms', number: true, cell: (row) => figure(row.ms) },
      { title: 'Top-1 %', number: true, cell: (row) => row.top1.toFixed(1) },
      { title: 'Front', cell: (row) => (row.front ? '● yes' : 'no') },
      { title: 'Nine times in ten', number: true, cell: interval },
      { title: 'px', number: true, cell: (row) => String(row.size) },
      { title: 'By', cell: (row) => row.method },
    ], rows, (row) => (row.model === chosen ? 'chosen' : null)),
    reasons(found),
  ]
}

const reasons = ({ unknown }) => unknown.length > 0 && html(
  'details', {},
  html('summary', {}, `${counted(unknown.length, 'model')} left out`),
  html('ul', {}, unknown.map((reason) => html('li', {}, reason))),
)

function scatter(rows, link, chosen) {
  const front = rows.filter((row) => row.front)
  const names = front.map(({ model }) => model).join(', ')
  return chart(`${counted(rows.length, 'model')}, of which ${names} are on the Pareto front.`, (width) => {
    const box = { left: 40, right: width - 14, top: 30, bottom: Math.min(460, Math.max(340, width * 0.5)) }
    const x = logScale(rows.flatMap(({ low, high }) => [low, high]), box.left, box.right)
    const y = linearScale(rows.map(({ top1 }) => top1), box.bottom, box.top)
    const points = [...rows].sort((one, other) => rank(other, chosen) - rank(one, chosen)).map((row) => ({
      row, x: x.at(row.ms), y: y.at(row.top1), text: row.model, weight: row.model === chosen ? 650 : 400,
    }))
    const stairs = steps(front.map(({ ms, top1 }) => [x.at(ms), y.at(top1)]), box.right)
    return { height: box.bottom + 42, parts: [
      axes(box, x, 'ms, logarithmic', y, 'top-1, %'),
      points.map(({ row, y: at }) => svg('line', {
        class: 'whisker', x1: x.at(row.low), x2: x.at(row.high), y1: at, y2: at,
      })),
      stairs.map(({ left, right, top, bottom }) => svg('line', {
        class: 'front', x1: left, x2: right, y1: bottom, y2: top,
      })),
      points.map(({ row, x: across, y: down }) => svg(
        'a', { href: link(row), tabindex: '-1' }, // the table has the same links
        svg('circle', {
          class: row.front ? 'dot front' : 'dot hollow', cx: across, cy: down, r: row.model === chosen ? 7 : 5,
        }, svg('title', {}, said(row))),
      )),
      placed(points, { ...box, top: 4 }, stairs).map(({ point, x: left, y: base, leader }) => svg(
        'a', { href: link(point.row), tabindex: '-1' },
        leader && svg('line', { class: 'leader', x1: point.x, y1: point.y, x2: leader.x, y2: leader.y }),
        svg('text', { class: `label ${labelled(point.row, chosen)}`, x: left, y: base }, point.row.model),
      )),
    ] }
  })
}

const said = (row) => (
  `${row.model}: ${figure(row.ms)} ms (${interval(row)}), top-1 ${row.top1.toFixed(1)} %, by ${row.method}`
)

const labelled = ({ model, front }, chosen) => (model === chosen ? 'chosen' : front ? '' : 'beaten')

/** Whose label is set first */
const rank = (row, chosen) => 2 * (row.model === chosen) + row.front

/** The lines of stairs from point to point: between two of them the one before is the best that there is. */
const steps = (points, right) => points.flatMap(([x, y], place) => {
  const [nextX, nextY] = points[place + 1] ?? [right, y]
  return [
    { left: x, right: nextX, top: y, bottom: y },
    { left: nextX, right: nextX, top: nextY, bottom: y },
  ]
})
