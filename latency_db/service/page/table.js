/** Tables in a box of their own, which scrolls sideways where they are wider than the page. */

import { html } from './elements.js'

/**
 * A table of `rows`. A column has a `title` and a `cell(row)`, which returns text or nodes; `number` sets it to the
 * right, `words` lets its text wrap. `mark(row)` may return a class for the row.
 */
export function table(caption, columns, rows, mark = () => null) {
  const kind = ({ number, words }) => (number ? 'number' : words ? 'words' : null)
  const heads = columns.map((column) => html('th', { scope: 'col', class: kind(column) }, column.title))
  const cells = (row) => columns.map((column) => html('td', { class: kind(column) }, column.cell(row)))
  return html(
    'div', { class: 'scroll', role: 'region', tabindex: '0', 'aria-label': caption },
    html(
      'table', {},
      html('caption', {}, caption),
      html('thead', {}, html('tr', {}, heads)),
      html('tbody', {}, rows.map((row) => html('tr', { class: mark(row) }, cells(row)))),
    ),
  )
}
