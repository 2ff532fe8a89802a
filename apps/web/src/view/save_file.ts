/** Lets the user save what was made here as a file. */

import { element } from './element.ts'

export function save(content: Blob, name: string): void {
  const url = URL.createObjectURL(content)
  element('a', { href: url, download: name }).click()
  // The browser reads it after the click, by itself.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
