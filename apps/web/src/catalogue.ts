/** What the server that the app came from offers besides: bundles and kernel packs. */

import { fields, JsonError, list, parseJson, text } from './bundle/json.ts'
import { FILES, MANIFEST_BYTES } from './bundle/limits.ts'
import { openSource, SourceError } from './bundle/source.ts'
import { keepOnly } from './offline/kept_files.ts'

export interface Offered {
  readonly name: string
  /** Where it is: below the app's folder, unless it is absolute */
  readonly url: string
}

interface Catalogue {
  readonly bundles: readonly Offered[]
  readonly packs: readonly Offered[]
}

const LIST = 'bundles.json'

const offered = list(fields<Offered>({ name: text, url: text }), FILES)
const catalogueOf = fields<Catalogue>({ bundles: offered, packs: offered })

/**
 * What `vitexport serve app` lists, below the app's folder; nothing, where another server has only the app. Bundles
 * that the server no longer has are kept no longer.
 */
export async function catalogue(folder: string): Promise<Catalogue> {
  try {
    const source = await openSource({ kind: 'url', url: folder })
    const bytes = await source.read(LIST, MANIFEST_BYTES)
    const found = catalogueOf(parseJson(bytes), '')
    await keepOnly([LIST, ...found.bundles.map(({ url }) => url)].map((url) => new URL(url, folder).href))
    await source.keep?.(LIST, bytes)
    return found
  } catch (error) {
    if (error instanceof SourceError || error instanceof JsonError) return { bundles: [], packs: [] }
    throw error
  }
}
