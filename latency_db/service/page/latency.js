/** View: what the model is expected to take on the device, how that is known, and which kernels it goes into. */

import { linkTo } from './address.js'
import { advice } from './advice.js'
import { deviceNames, devices, get, models } from './api.js'
import { awaited } from './awaited.js'
import { bars } from './bars.js'
import { html } from './elements.js'
import { counted, figure, interval, percent } from './figures.js'
import { filter, filters, PRECISIONS, RUNTIMES, UNITS } from './filters.js'
import { processor, ran } from './ran.js'
import { publishedDot, strips } from './strips.js'
import { table } from './table.js'

const LARGEST = 12
/** Kernels that get a bar of their own */
const LEAST = 0.005
/** Share from which overheads are worth a word */

const OF_THE_WHOLE = new Set(['measured', 'published'])
/** Methods that do not add up kernels */

export function view(now, signal) {
  const { model, device, runtime, unit, precision, size } = now
  const asked = { model, device, runtime, unit, precision, size }
  const ask = () => Promise.all([get('latency', asked, signal), deviceNames()])
  const runtimes = preferredFirst(device)
  return [
    filters(
      filter('runtime', 'Runtime', runtimes, runtime, 'as the device prefers', { unit: '', precision: '' }),
      filter('unit', 'Unit', UNITS, unit, "the runtime's own"),
      filter('precision', 'Precision', PRECISIONS, precision, "the runtime's own"),
      filter('size', 'Image size', sizesOf(model), size, "the model's own"),
    ),
    awaited('Asking for an estimate…', ask, ([found, nameOf]) => [
      html('div', { class: 'beside' }, headline(found, nameOf), published(found)), kernels(found),
    ]),
    advice(model, signal),
  ]
}

/** Runtimes, those first that the device prefers. */
async function preferredFirst(device) {
  const preferred = (await devices()).find(({ id }) => id === device)?.formats ?? []
  const place = ([name]) => (preferred.includes(name) ? preferred.indexOf(name) : preferred.length)
  return [...RUNTIMES].sort((one, other) => place(one) - place(other))
}

async function sizesOf(model) {
  const sizes = (await models()).find(({ id }) => id === model)?.sizes ?? []
  return sizes.map((size) => [size, `${size} px`])
}

function headline(found, nameOf) {
  const where = [
    processor(found.unit), found.cores && `cores ${found.cores}`,
    found.threads && counted(found.threads, 'thread'),
  ].filter(Boolean).join(', ')
  return html(
    'section', { class: 'headline' },
    html('h2', {}, `${found.model} at ${found.size} px on ${nameOf(found.device)}`),
    html('p', { class: 'conditions' }, `${found.runtime} in ${found.precision} on ${where}`),
    html('p', { class: 'big' }, html('strong', {}, figure(found.ms)), ' ms'),
    html('p', { class: 'interval' }, `nine times in ten ${interval(found)} ms, ${figure(1000 / found.ms)} a second`),
    html('p', { class: 'method' }, html('mark', {}, found.method), ` ${found.reason}. `, covered(found)),
  )
}

/** How much of the estimate rests on what was measured. */
const covered = ({ coverage, method }) => coverage > 0 && !OF_THE_WHOLE.has(method) && (
  `${percent(coverage)} of it is in kernels like those that were timed.`
)

/** The estimate beside what others published of the model on the device. */
function published(found) {
  const rows = found.published
  const name = found.method === 'measured' ? 'measured' : 'estimate'
  const dot = { ms: found.ms, title: `${name} ${figure(found.ms)} ms` }
  const others = rows.length ? [{ name: 'published', dots: rows.map(publishedDot) }] : []
  return html(
    'section', {},
    strips(
      `${figure(found.ms)} ms, nine times in ten ${interval(found)} ms; ${counted(rows.length, 'published row')}.`,
      [{ name, low: found.low, high: found.high, dots: [dot] }, ...others],
    ),
    rows.length > 0 && table('Published of it on this device', [
      { title: 'ms', number: true, cell: (row) => figure(row.ms) },
      { title: 'Ran by', cell: ran },
      { title: 'Doubt', cell: ({ flag, flag_reason: title }) => flag && html('mark', { title }, `○ ${flag}`) },
      { title: 'Source', words: true, cell: (row) => row.reference },
    ], rows),
    html(
      'p', { class: 'note' }, rows.length ? '' : 'Nobody whom we know of published it on this device. ',
      html('a', { href: linkTo('published') }, 'Published on all devices'),
    ),
  )
}

function kernels(found) {
  const rows = found.kernels
    .map((kernel) => ({ ...kernel, all: kernel.ms * kernel.count, ...parts(kernel.key) }))
    .sort((one, other) => other.all - one.all)
  if (!rows.length) return html('p', { class: 'note' }, 'Nothing is known of the kernels that it goes into.')
  const sum = total(rows, 'all')
  const rest = found.ms - sum
  const whole = rest > LEAST * found.ms ? `; the other ${figure(rest)} ms are overheads of the whole` : ''
  const runs = counted(total(rows, 'count'), 'time')
  const [costliest] = rows
  const several = rows.some(({ graph }) => graph !== costliest.graph)
  return html(
    'section', {},
    html('h2', {}, 'Kernels'),
    html(
      'p', { class: 'note' },
      `${counted(rows.length, 'different kernel')}, run ${runs}, take ${figure(sum)} ms${whole}.`,
    ),
    bars(
      `The costliest is ${costliest.kind} ${costliest.shapes}, ${percent(costliest.all / found.ms)} of the latency.`,
      shares(rows, found.ms),
    ),
    table('Kernels, the costliest first', [
      ...(several ? [{ title: 'Graph', cell: (row) => row.graph }] : []),
      { title: 'Kernel', cell: (row) => row.kind },
      { title: 'ms', number: true, cell: (row) => figure(row.all) },
      { title: 'Share', number: true, cell: (row) => percent(row.all / found.ms) },
      { title: 'Runs', number: true, cell: (row) => String(row.count) },
      { title: 'ms each', number: true, cell: (row) => figure(row.ms) },
      { title: 'Nine times in ten', number: true, cell: interval },
      { title: 'By', cell: (row) => row.method },
      { title: 'Reads → writes', cell: (row) => html('code', {}, row.shapes) },
      { title: 'Computes', cell: (row) => html('code', {}, row.rest) },
    ], rows),
  )
}

/** A bar for each of the costliest, and one for all others. */
function shares(rows, ms) {
  const bar = (name, value, runs, by) => ({
    name, value, figure: `${figure(value)} ms · ${percent(value / ms)}`,
    title: `${name}, ${counted(runs, 'run')}: ${figure(value)} ms, by ${by}`,
  })
  const named = rows.slice(0, LARGEST).map((row) => bar(`${row.kind} ${row.shapes}`, row.all, row.count, row.method))
  const others = rows.slice(LARGEST)
  if (!others.length) return named
  const rest = bar(`${others.length} others`, total(others, 'all'), total(others, 'count'), 'several methods')
  return [...named, { ...rest, rest: true }]
}

const total = (rows, field) => rows.reduce((all, row) => all + row[field], 0)

/** A kernel's key has its kind, shapes, and what it computes. */
function parts(key) {
  const [, shapes = '', ...rest] = key.split(' ')
  return { shapes: shapes.replace('>', ' → '), rest: rest.join(' ') }
}
