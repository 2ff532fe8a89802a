/** A picker that is searched by typing: an input with a list below it, as WAI-ARIA's combobox pattern has it. */

import { html } from './elements.js'

/**
 * A labelled picker. An option is `{id, name, more}`: `more` is said beside the name, and all three are searched.
 * `options` comes later, as a promise; until then the input shows `chosen`, an id. `choose(id)` is called for a choice.
 */
export function combobox(id, label, options, chosen, choose) {
  let all = []
  let shown = []
  let active = -1
  const input = html('input', {
    id, type: 'text', role: 'combobox', autocomplete: 'off', spellcheck: 'false',
    'aria-expanded': 'false', 'aria-controls': `${id}-list`, 'aria-autocomplete': 'list',
    'aria-describedby': `${id}-about`,
  })
  const list = html('ul', { id: `${id}-list`, role: 'listbox', 'aria-label': label, hidden: true })
  const about = html('small', { id: `${id}-about`, class: 'about' })
  input.value = chosen

  function say() {
    const found = all.find((option) => option.id === chosen)
    input.value = found?.name ?? chosen
    about.textContent = found?.more ?? ''
  }

  function open(words) {
    shown = matching(all, words)
    list.replaceChildren(...shown.map((option, place) => html(
      'li', { role: 'option', id: `${id}-${place}`, 'aria-selected': String(option.id === chosen) },
      option.name, html('small', {}, option.more),
    )))
    if (!shown.length) list.append(html('li', { class: 'none' }, 'Nothing of that name'))
    list.hidden = false
    input.setAttribute('aria-expanded', 'true')
    point(words ? 0 : shown.findIndex((option) => option.id === chosen))
  }

  function close() {
    list.hidden = true
    input.setAttribute('aria-expanded', 'false')
    input.removeAttribute('aria-activedescendant')
    say()
  }

  function point(place) {
    active = shown.length ? Math.max(-1, Math.min(place, shown.length - 1)) : -1
    Array.from(list.children, (item, index) => item.classList.toggle('active', index === active))
    if (active < 0) return input.removeAttribute('aria-activedescendant')
    input.setAttribute('aria-activedescendant', `${id}-${active}`)
    list.children[active].scrollIntoView({ block: 'nearest' })
  }

  function take(option) {
    if (!option) return
    const other = option.id !== chosen
    chosen = option.id
    close()
    if (other) choose(chosen)
  }

  const keys = {
    ArrowDown: () => (list.hidden ? open('') : point(active + 1)),
    ArrowUp: () => (list.hidden ? open('') : point(Math.max(0, active - 1))),
    Enter: () => (list.hidden ? open('') : take(shown[active])),
    Escape: close,
  }
  input.addEventListener('keydown', (event) => {
    if (!keys[event.key]) return
    event.preventDefault()
    keys[event.key]()
  })
  input.addEventListener('input', () => open(input.value))
  input.addEventListener('focus', () => input.select())
  input.addEventListener('click', () => list.hidden && open(''))
  input.addEventListener('blur', close)
  list.addEventListener('pointerdown', (event) => {
    event.preventDefault() // the input keeps the focus
    take(shown[[...list.children].indexOf(event.target.closest('li'))])
  })
  options.then((found) => {
    all = found
    if (list.hidden) say()
    else open(input.value === chosen ? '' : input.value)
  }, () => {}) // the view says what the service refuses

  return {
    node: html('div', { class: 'combobox' }, html('label', { for: id }, label), input, list, about),
    show: (other) => {
      chosen = other
      say()
    },
  }
}

/** The options in which each of the words occurs. */
function matching(options, words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean)
  const text = ({ id, name, more }) => `${id} ${name} ${more}`.toLowerCase()
  return options.filter((option) => wanted.every((word) => text(option).includes(word)))
}
