/** The service's API: answers as it gives them, and every refusal as a `Problem` with a sentence for the user. */

export class Problem extends Error {
  /** `type` is the problem document's, or "" where the answer was none. */
  constructor(sentence, type = '', errors = []) {
    super(sentence)
    this.type = type
    this.errors = errors
  }
}

/** GET `/v1/PATH`; parameters that are empty or null are left out. Raises `Problem`. */
export function get(path, parameters = {}, signal = undefined) {
  const stated = Object.entries(parameters).filter(([, value]) => !['', null, undefined].includes(value))
  const query = new URLSearchParams(stated).toString()
  return answer(`/v1/${path}${query && `?${query}`}`, { signal })
}

/** POST a file, byte for byte. Raises `Problem`. */
export function post(path, file, token = '') {
  const headers = { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) }
  return answer(`/v1/${path}`, { method: 'POST', body: file, headers })
}

const kept = new Map()

/** GET a list that does not change while the page is open; asked for once, and again if that failed. */
function list(name) {
  if (!kept.has(name)) {
    const asked = get(name).then((found) => found[name])
    asked.catch(() => kept.delete(name))
    kept.set(name, asked)
  }
  return kept.get(name)
}

export const devices = () => list('devices')
export const models = () => list('models')

/** A function from a device's id to its name; to the id itself where the list has no other or does not come. */
export async function deviceNames() {
  const names = new Map((await devices().catch(() => [])).map(({ id, name }) => [id, name]))
  return (id) => names.get(id) ?? id
}

async function answer(url, options) {
  let response
  try {
    response = await fetch(url, options)
  } catch (error) {
    if (error.name === 'AbortError') throw error
    throw new Problem('The service does not answer. Look whether you are online, then try again.')
  }
  const document = await response.json().catch(() => null)
  if (response.ok && document !== null) return document
  const nothing = `The service answered with status ${response.status} and said no more. Try again later.`
  throw new Problem(document?.detail ?? document?.title ?? nothing, document?.type, document?.errors)
}
