/** View: what the service's database has, the newest first, a page at a time. */

import { linkHere, linkTo } from './address.js'
import { deviceNames, get } from './api.js'
import { awaited } from './awaited.js'
import { html } from './elements.js'
import { figure, instant } from './figures.js'
import { filter, filters, PRECISIONS, RUNTIMES, UNITS } from './filters.js'
import { ran } from './ran.js'
import { table } from './table.js'

const KINDS = [['kernel', 'kernels'], ['graph', 'graphs'], ['model', 'models']]
const QUALITIES = ['good', 'busy', 'drifting', 'suspect'].map((name) => [name, name])
const SOURCES = [['measured', 'measured here'], ['reported', 'reported by an app'], ['published', 'published']]
const OF = [['device', 'of this device'], ['model', 'of this model'], ['both', 'of this model on this device']]

export function view(now, signal) {
  const { of, kind, runtime, unit, precision, quality, source, before } = now
  const asked = {
    kind, runtime, unit, precision, quality, source, before, limit: 50,
    device: of === 'device' || of === 'both' ? now.device : '', model: of === 'model' || of === 'both' ? now.model : '',
  }
  const first = { before: '' }
  return [
    filters(
      filter('of', 'Rows', OF, of, 'of all devices', first),
      filter('kind', 'Subject', KINDS, kind, 'any', first),
      filter('runtime', 'Runtime', RUNTIMES, runtime, 'any', first),
      filter('unit', 'Unit', [...UNITS, ['all', 'left to the runtime']], unit, 'any', first),
      filter('precision', 'Precision', PRECISIONS, precision, 'any', first),
      filter('quality', 'Quality', QUALITIES, quality, 'any', first),
      filter('source', 'Source', SOURCES, source, 'any', first),
    ),
    awaited(
      'Reading measurements…', () => Promise.all([get('measurements', asked, signal), deviceNames()]),
      ([found, nameOf]) => shown(found, nameOf, asked),
    ),
  ]
}

function shown({ rows, next }, nameOf, { before, device, model }) {
  const newest = before && html('a', { href: linkHere({ before: '' }) }, '← newest')
  const older = next !== null && html('a', { href: linkHere({ before: next }), rel: 'next' }, 'older →')
  if (!rows.length) return [html(
    'p', { class: 'empty' }, 'There are no rows of this kind. ',
    html('a', { href: linkTo('measurements') }, 'Show all rows'),
    ', or upload a benchmark.',
  ), newest]
  return [
    table(`Measurements${model && ` of ${model}`} on ${device ? nameOf(device) : 'all devices'}, the newest first`, [
      { title: 'Device', cell: (row) => html('span', { title: row.soc }, nameOf(row.device)) },
      { title: 'ms', number: true, cell: (row) => figure(row.ms) },
      { title: 'Quality', words: true, cell: quality },
      { title: 'Subject', cell: (row) => html('code', {}, row.subject) },
      { title: 'p90', number: true, cell: (row) => figure(row.p90) },
      { title: 'p99', number: true, cell: (row) => figure(row.p99) },
      { title: 'n', number: true, cell: (row) => String(row.n ?? '–') },
      { title: 'Ran by', cell: ran },
      { title: 'Version', cell: (row) => row.runtime_version || '–' },
      { title: 'Cores', cell: (row) => row.cores ?? '–' },
      { title: 'Threads', number: true, cell: (row) => String(row.threads ?? '–') },
      { title: 'Source', words: true, cell: ({ source }) => `${source.kind}: ${source.reference}` },
      { title: 'Licence', words: true, cell: ({ source }) => source.licence || '–' },
      { title: 'Measured, UTC', cell: (row) => instant(row.measured_at) },
      { title: 'Added, UTC', cell: (row) => instant(row.added_at) },
      { title: 'Row', cell: (row) => `${row.id}${row.corrects === null ? '' : `, corrects ${row.corrects}`}` },
    ], rows, (row) => (row.quality === 'suspect' ? 'doubtful' : null)),
    html('p', { class: 'paging' }, newest, older),
  ]
}

const quality = (row) => [
  row.quality === 'suspect' ? html('mark', { class: 'bad' }, '○ suspect') : row.quality ?? 'not checked',
  row.note && `: ${row.note}`,
]
