/** View: every latency of the model that others published, with its source, doubtful ones with what is doubtful. */

import { linkTo } from './address.js'
import { deviceNames, get } from './api.js'
import { awaited } from './awaited.js'
import { html } from './elements.js'
import { counted, figure } from './figures.js'
import { dotMark, legend } from './legend.js'
import { ran } from './ran.js'
import { publishedDot, strips } from './strips.js'
import { table } from './table.js'

export const view = ({ model }, signal) => awaited(
  'Looking for published rows…', () => Promise.all([get('published', { model }, signal), deviceNames()]), shown,
)

function shown([{ model, rows }, nameOf]) {
  const heading = html('h2', {}, `Published latencies of ${model}`)
  if (!rows.length) return [heading, nothing()]
  const ordered = [...rows].sort((one, other) => one.ms - other.ms)
  const groups = [...Map.groupBy(ordered, ({ device }) => device)]
  const doubtful = rows.filter(({ flag }) => flag).length
  const devices = counted(groups.length, 'device')
  return [
    heading,
    html(
      'p', {},
      `${counted(rows.length, 'row')} on ${devices}, from ${figure(ordered[0].ms)} to `,
      `${figure(ordered.at(-1).ms)} ms; `,
      `none is averaged${doubtful ? `; ${doubtful} of them doubtful` : ''}.`,
    ),
    strips(
      `Published latencies of ${model} on ${devices}.`,
      groups.map(([device, found]) => ({ name: nameOf(device), dots: found.map(publishedDot) })),
    ),
    legend(
      [dotMark('dot'), 'a published figure'],
      doubtful > 0 && [dotMark('dot hollow'), 'doubtful, for the reason in the table'],
    ),
    table('Published rows, the fastest first', [
      { title: 'Device', cell: (row) => nameOf(row.device) },
      { title: 'ms', number: true, cell: (row) => figure(row.ms) },
      { title: 'Ran by', cell: (row) => html('span', { title: row.runtime_version }, ran(row)) },
      { title: 'px', number: true, cell: (row) => String(row.size ?? '–') },
      { title: 'OS', cell: (row) => row.os || '–' },
      { title: 'Published as', words: true, cell: (row) => row.published_as },
      { title: 'Source', words: true, cell: (row) => row.reference },
      { title: 'Licence', words: true, cell: (row) => row.licence },
      { title: 'Doubt or note', words: true, cell: doubt },
    ], ordered, ({ flag }) => (flag ? 'doubtful' : null)),
  ]
}

const nothing = () => html(
  'p', { class: 'empty' }, 'Nobody whom we know of published a latency of this model. ',
  html('a', { href: linkTo('latency') }, 'See its estimate'), ', or choose another model.',
)

const doubt = ({ usable, flag, flag_reason: reason, note }) => [
  flag && html('mark', { class: usable ? '' : 'bad' }, `○ ${flag}`), ' ', [reason, note].filter(Boolean).join('; '),
]
