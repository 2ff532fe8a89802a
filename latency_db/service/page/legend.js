/** What the marks of a chart mean, in words below it. */

import { html, svg } from './elements.js'

/** `[mark, meaning]` of each */
export const legend = (...entries) => html(
  'ul', { class: 'legend' }, entries.filter(Boolean).map(([mark, meaning]) => html('li', {}, mark, meaning)),
)

/** A dot of a class that charts use */
export const dotMark = (kind) => mark(12, svg('circle', { class: kind, cx: 6, cy: 6, r: 4.5 }))

/** A line of such a class, level or rising */
export const lineMark = (kind, rise = 0) => mark(
  22, svg('line', { class: kind, x1: 1, x2: 21, y1: 6 + rise, y2: 6 - rise }),
)

/** Any other mark, `width` pixels wide and 12 high */
export const mark = (width, drawn) => svg('svg', { width, height: 12, 'aria-hidden': 'true' }, drawn)
