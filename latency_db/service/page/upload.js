/** View: hands a benchmark to the service, which checks it for anybody, and adds it for who has a token. */

import { post, Problem } from './api.js'
import { refusal } from './awaited.js'
import { html } from './elements.js'
import { counted, figure, interval } from './figures.js'
import { table } from './table.js'

const UNKNOWN_MANIFEST = '/problems/unknown-manifest'

const SIGNS = { 'as expected': '✓', slower: '▲', faster: '▼', suspect: '○', 'not known': '–' }
/** Verdict -> what stands before it, so that it is not told by its colour alone */

let token = ''
/** Kept while the page is open, and nowhere else */

export function view() {
  const benchmark = html('input', { id: 'benchmark', type: 'file', accept: '.json,application/json', required: true })
  const manifest = html('input', { id: 'manifest', type: 'file', accept: '.json,application/json' })
  const secret = html('input', {
    id: 'token', type: 'password', autocomplete: 'off', value: token, input: () => (token = secret.value),
  })
  const answer = html('div', { class: 'awaited', 'aria-live': 'polite' })
  const buttons = [
    html('button', { type: 'submit', value: 'check' }, 'Check'),
    html('button', { type: 'submit', value: 'add', class: 'second' }, 'Add'),
  ]
  const submit = async (event) => {
    event.preventDefault()
    const add = event.submitter?.value === 'add'
    buttons.forEach((button) => (button.disabled = true))
    answer.replaceChildren(html('p', { class: 'waiting' }, add ? 'Adding…' : 'Checking…'))
    try {
      const said = add ? await added(benchmark.files[0], manifest.files[0]) : await checked(benchmark.files[0])
      answer.replaceChildren(...said)
    } catch (error) {
      answer.replaceChildren(refusal(error), advised(error, manifest.files[0]))
    }
    buttons.forEach((button) => (button.disabled = false))
    if (event.submitter) event.submitter.focus()
  }
  const dropped = (event) => {
    event.preventDefault()
    for (const file of event.dataTransfer.files) {
      const held = new DataTransfer()
      held.items.add(file)
      const input = file.name === 'manifest.json' ? manifest : benchmark
      input.files = held.files
    }
  }
  return [
    html('h2', {}, 'Upload a benchmark'),
    html(
      'p', {}, 'Choose or drop the JSON that an app of vitexport writes after it timed a bundle or a kernel pack. ',
      'Check says how it compares with what is known, and keeps nothing. Add keeps it, and needs a token.',
    ),
    html(
      'form', { class: 'upload', submit, drop: dropped, dragover: (event) => event.preventDefault() },
      labelled('drop', 'Benchmark JSON', benchmark),
      labelled('drop', 'Its manifest.json, if the service does not know it yet', manifest),
      labelled('', 'Token, only to add; forgotten when the page is closed', secret),
      html('p', { class: 'buttons' }, buttons),
    ),
    answer,
  ]
}

const labelled = (kind, label, input) => html('div', { class: kind }, html('label', { for: input.id }, label), input)

async function checked(benchmark) {
  return verdict('Checked; nothing was kept.', await post('measurements/check', benchmark))
}

/** The benchmark is read by its manifest, which therefore goes first. */
async function added(benchmark, manifest) {
  if (!token) throw new Problem('Adding needs a token: enter one that this service gave out, or check only.')
  if (manifest) await post('manifests', manifest, token)
  const kept = await post('measurements', benchmark, token)
  const rows = counted(kept.rows.length, 'row')
  return verdict(kept.added ? `Added ${rows}.` : 'The same file was added before; nothing is new.', kept)
}

/** What to do here about a problem whose sentence says what is wrong. */
function advised(error, manifest) {
  if (error.type !== UNKNOWN_MANIFEST) return ''
  return html('p', { class: 'note' }, manifest
    ? 'A manifest is kept only by Add: enter a token and add both, or choose the manifest of this very benchmark.'
    : 'Choose the manifest.json of the bundle or pack beside the benchmark, enter a token, and add both.')
}

function verdict(said, { rows }) {
  return [
    html('p', { class: 'done' }, said),
    table('A verdict for each row', [
      { title: 'Verdict', cell: ({ verdict: word }) => html(
        'span', { class: `verdict ${word.replace(' ', '-')}` }, `${SIGNS[word]} ${word}`,
      ) },
      { title: 'Subject', cell: (row) => html('code', {}, row.subject) },
      { title: 'ms', number: true, cell: (row) => figure(row.ms) },
      { title: 'Expected ms', number: true, cell: ({ expected }) => figure(expected?.ms) },
      { title: 'Nine times in ten', number: true, cell: ({ expected }) => (expected ? interval(expected) : '–') },
      { title: 'By', cell: ({ expected }) => expected?.method ?? '–' },
      { title: 'Quality', words: true, cell: ({ quality, note }) => [quality ?? 'not checked', note && `: ${note}`] },
    ], rows, (row) => (row.verdict === 'suspect' ? 'doubtful' : null)),
  ]
}
