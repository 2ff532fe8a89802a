/** What has to be asked for: says so while it is under way, then shows it, or why there is none. */

import { html } from './elements.js'

/** A box that holds what `show` makes of `ask()`'s answer. `doing` is said meanwhile. */
export function awaited(doing, ask, show) {
  const box = html('div', { class: 'awaited' })
  const begin = async () => {
    box.setAttribute('aria-busy', 'true')
    box.replaceChildren(html('p', { class: 'waiting', role: 'status' }, doing))
    try {
      box.replaceChildren(...[show(await ask())].flat(Infinity).filter(Boolean))
    } catch (error) {
      if (error.name !== 'AbortError') box.replaceChildren(refusal(error, begin))
    }
    box.removeAttribute('aria-busy')
  }
  begin()
  return box
}

/** A problem's sentence, with what was wrong where, and a button to try again if `again` is given. */
export function refusal(error, again = null) {
  const { message, errors = [] } = error
  return html(
    'div', { class: 'problem', role: 'alert' },
    html('p', {}, message),
    html('ul', {}, errors.map(({ where, what }) => html('li', {}, html('code', {}, where), ` ${what}`))),
    again && html('button', { type: 'button', click: again }, 'Try again'),
  )
}
