/** View: what was measured on the device beside what would be estimated without it. */

import { linkTo } from './address.js'
import { deviceNames, get } from './api.js'
import { awaited } from './awaited.js'
import { axes, chart } from './chart.js'
import { html, svg } from './elements.js'
import { counted, figure, interval, percent } from './figures.js'
import { legend, lineMark, mark } from './legend.js'
import { ran } from './ran.js'
import { logScale } from './scales.js'
import { table } from './table.js'

export const view = ({ device }, signal) => awaited(
  'Estimating what was measured…', () => Promise.all([get('compared', { device }, signal), deviceNames()]), shown,
)

function shown([{ device, rows }, nameOf]) {
  const heading = html('h2', {}, `Predicted against measured on ${nameOf(device)}`)
  if (!rows.length) return [heading, nothing()]
  const inside = rows.filter((row) => row.inside).length
  return [
    heading,
    html(
      'p', {},
      `${inside} of ${counted(rows.length, 'figure')} (${percent(inside / rows.length)}) lie within the interval that `,
      `nine in ten should; half of the predictions are off by less than ${percent(medianError(rows))}.`,
    ),
    html(
      'div', { class: 'beside' }, scatter(rows, inside),
      html(
        'div', {},
        legend(
          [mark(12, point(6, 6, true)), 'measured within the predicted interval'],
          [mark(12, point(6, 6, false)), 'outside it'],
          [lineMark('diagonal', 5), 'predicted as measured'],
        ),
        byWay(rows),
      ),
    ),
    table('Predicted and measured, the farthest off first', [
      { title: 'Measured ms', number: true, cell: (row) => figure(row.measured) },
      { title: 'Predicted ms', number: true, cell: (row) => figure(row.predicted) },
      { title: 'Nine times in ten', number: true, cell: interval },
      { title: 'Within', cell: (row) => (row.inside ? 'yes' : html('mark', { class: 'bad' }, '◆ no')) },
      { title: 'Subject', cell: (row) => html('code', {}, row.subject) },
      { title: 'By', cell: (row) => row.method },
      { title: 'Ran by', cell: ran },
      { title: 'Threads', number: true, cell: (row) => String(row.threads ?? '–') },
      { title: 'Quality', cell: (row) => row.quality ?? 'not checked' },
      { title: 'Source', cell: (row) => row.source },
    ], [...rows].sort((one, other) => off(other) - off(one))),
  ]
}

const nothing = () => html(
  'p', { class: 'empty' },
  'Nothing was measured on this device. Time a bundle or a kernel pack with an app of vitexport, then ',
  html('a', { href: linkTo('upload') }, 'upload what it writes'), ', or choose a device that is marked “measured”.',
)

/** How good the predictions are, by runtime, precision, unit and method. */
function byWay(rows) {
  const groups = [...Map.groupBy(rows, (row) => `${ran(row)}, ${row.method}`)]
  const within = (found) => found.filter((row) => row.inside).length / found.length
  return table('How far off, by how it ran and how it was predicted', [
    { title: 'Ran by, predicted by', words: true, cell: ([way]) => way },
    { title: 'Figures', number: true, cell: ([, found]) => String(found.length) },
    { title: 'Within', number: true, cell: ([, found]) => percent(within(found)) },
    { title: 'Median error', number: true, cell: ([, found]) => percent(medianError(found)) },
  ], groups)
}

function medianError(rows) {
  const errors = rows.map(({ measured, predicted }) => Math.abs(predicted / measured - 1))
  errors.sort((one, other) => one - other)
  const middle = (errors.length - 1) / 2
  return (errors[Math.floor(middle)] + errors[Math.ceil(middle)]) / 2
}

/** How far a prediction is off, up and down alike. */
const off = ({ measured, predicted }) => Math.abs(Math.log(predicted / measured))

function scatter(rows, inside) {
  return chart(`${inside} of ${counted(rows.length, 'figure')} lie within the predicted interval.`, (width) => {
    const side = Math.min(width, 620)
    const box = { left: 48, right: side - 14, top: 30, bottom: side - 42 }
    const values = rows.flatMap(({ measured, predicted }) => [measured, predicted])
    const x = logScale(values, box.left, box.right)
    const y = logScale(values, box.bottom, box.top)
    const kept = (value) => Math.min(box.bottom, Math.max(box.top, y.at(value)))
    const ordered = [...rows].sort((one, other) => other.inside - one.inside)
    return { height: side, parts: [
      axes(box, x, 'measured, ms', y, 'predicted, ms'),
      svg('line', { class: 'diagonal', x1: box.left, y1: box.bottom, x2: box.right, y2: box.top }),
      ordered.map((row) => svg('line', {
        class: 'whisker', x1: x.at(row.measured), x2: x.at(row.measured), y1: kept(row.low), y2: kept(row.high),
      })),
      ordered.map((row) => point(x.at(row.measured), y.at(row.predicted), row.inside, said(row))),
    ] }
  })
}

const said = (row) => (
  `${row.subject}: measured ${figure(row.measured)} ms, predicted ${figure(row.predicted)} ms (${interval(row)}), `
  + `by ${row.method}`
)

/** A dot, or where the interval missed a diamond: not told apart by colour alone. */
const point = (x, y, inside, title = '') => svg(
  'path', {
    class: inside ? 'dot inside' : 'dot outside',
    d: inside ? `M${x - 4},${y}a4,4 0 1,0 8,0a4,4 0 1,0 -8,0z` : `M${x},${y - 6}l6,6l-6,6l-6,-6z`,
  },
  title && svg('title', {}, title),
)
