/** Elements of the page, made in one call each. The content policy forbids markup in strings, and so does this. */

type Listener = (event: never) => void
type Attributes = Readonly<Record<string, string | number | boolean | Listener | undefined>>
export type Child = Node | string

/** An element with attributes (`true` for one without a value) and, by names that begin with `on`, listeners. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag)
  set(made, attributes)
  made.append(...children)
  return made
}

export function set(target: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') target.addEventListener(name.slice(2), value as EventListener)
    else if (value === false || value === undefined) target.removeAttribute(name)
    else target.setAttribute(name, value === true ? '' : String(value))
  }
}

/** A table of facts: what each is called, and what it is */
export function facts(pairs: readonly (readonly [string, Child])[]): HTMLElement {
  const rows = pairs.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)])
  return element('dl', { class: 'facts' }, ...rows)
}
