/** What the server that the app came from offers besides: bundles and kernel packs. */

export interface OfferedBundle {
  readonly name: string
  readonly url: string
  readonly trained: boolean
}

export interface OfferedPack {
  readonly name: string
  readonly url: string
}

export interface Catalogue {
  readonly bundles: readonly OfferedBundle[]
  readonly packs: readonly OfferedPack[]
}

const NOTHING: Catalogue = { bundles: [], packs: [] }

/** What `vitexport serve` lists; nothing, where another server has only the app. */
export async function catalogue(): Promise<Catalogue> {
  const answer = await fetch('bundles.json').catch(() => null)
  if (answer === null || !answer.ok || !answer.headers.get('Content-Type')?.includes('json')) return NOTHING
  return (await answer.json()) as Catalogue
}
