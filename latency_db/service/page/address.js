/** What is looked at, as the page's address has it: a view can be linked, and the browser goes back to it. */

const DEFAULTS = { view: 'latency', device: 'iphone15', model: 'efficientformer_l1' }

const EVERYWHERE = ['device', 'model']
/** What stays when another view is opened; all else belongs to the view */

/** The address's parameters, with the default view, device and model where it names none. */
export const state = () => ({ ...DEFAULTS, ...Object.fromEntries(new URLSearchParams(location.search)) })

/** The address of another view; with what the present one is of, and `changes`. */
export function linkTo(view, changes = {}) {
  const now = state()
  return query({ ...Object.fromEntries(EVERYWHERE.map((key) => [key, now[key]])), ...changes, view })
}

/** The address of the present view with `changes`; an empty value takes its parameter away. */
export const linkHere = (changes) => query({ ...state(), ...changes })

/** Open an address, as if its link had been followed. */
export function go(address) {
  history.pushState(null, '', address)
  dispatchEvent(new PopStateEvent('popstate'))
}

/** Call `show` whenever the address changes, and follow the page's own links without loading it anew. */
export function whenChanged(show) {
  addEventListener('popstate', show)
  document.addEventListener('click', (event) => {
    const link = event.target.closest?.("a[href^='?']")
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    go(link.getAttribute('href'))
  })
}

function query(parameters) {
  const { view, device, model, ...others } = parameters
  const ordered = Object.entries({ view, device, model, ...others })
  return `?${new URLSearchParams(ordered.filter(([, value]) => value))}`
}
