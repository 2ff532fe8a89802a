/** Reads JSON that somebody else wrote: each value is held against what it is taken for, and refused by its place. */

/** What is no JSON, or not what it is taken for. The message says where and why, and ends without a full stop. */
export class JsonError extends Error {
  override readonly name = 'JsonError'
}

/** Returns a value as what it should be; `place` is where it stands. Throws `JsonError`. */
export type Read<T> = (value: unknown, place: string) => T

/** The value that UTF-8 `bytes` stand for. Throws `JsonError`. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new JsonError(`it is no JSON: ${reason.replaceAll(/\s+/g, ' ')}`) // it may quote lines
  }
}

export const text: Read<string> = (value, place) => {
  if (typeof value !== 'string') throw unlike('text', value, place)
  return value
}

export const truth: Read<boolean> = (value, place) => {
  if (typeof value !== 'boolean') throw unlike('true or false', value, place)
  return value
}

export const number: Read<number> = (value, place) => {
  if (typeof value !== 'number') throw unlike('a number', value, place)
  return value
}

/** A whole number from `least` to `most` */
export const whole = (least: number, most: number): Read<number> => (value, place) => {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    throw unlike(`a whole number from ${least} to ${most}`, value, place)
  }
  return value
}

export const oneOf = <T extends string | number>(...allowed: readonly T[]): Read<T> => (value, place) => {
  const found = allowed.find((one) => one === value)
  if (found === undefined) throw unlike(allowed.join(' or '), value, place)
  return found
}

export const orNull = <T>(read: Read<T>): Read<T | null> => (value, place) =>
  value === null ? null : read(value, place)

export const list = <T>(read: Read<T>, most: number): Read<readonly T[]> => (value, place) => {
  if (!Array.isArray(value)) throw unlike('a list', value, place)
  if (value.length > most) throw new JsonError(`${place} has ${value.length} entries, and at most ${most} are taken`)
  return value.map((one, index) => read(one, `${place}[${index}]`))
}

/** An object whose values are all of one type */
export const record = <T>(read: Read<T>): Read<Readonly<Record<string, T>>> => (value, place) =>
  Object.fromEntries(Object.entries(objectOf(value, place)).map(([key, one]) => [key, read(one, within(place, key))]))

/** Whether a value is an object that has a field */
export function has(value: unknown, field: string): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, field)
}

/** An object with these fields; those that are not asked for are left out. */
export const fields = <T extends object>(readers: { readonly [Key in keyof T]-?: Read<T[Key]> }): Read<T> =>
  (value, place) => {
    const given = objectOf(value, place)
    const entries = Object.entries<Read<unknown>>(readers).map(([key, read]) => {
      if (!Object.hasOwn(given, key)) throw new JsonError(`${within(place, key)} is missing`)
      return [key, read(given[key], within(place, key))]
    })
    return Object.fromEntries(entries) as T
  }

function within(place: string, key: string): string {
  return place === '' ? key : `${place}.${key}`
}

function objectOf(value: unknown, place: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw unlike('an object', value, place || 'all of it')
  }
  return value as Record<string, unknown>
}

/** How much of a value a message quotes, in characters */
const QUOTED = 40

function unlike(wanted: string, value: unknown, place: string): JsonError {
  const found = value === undefined ? 'missing' : JSON.stringify(value)
  const shown = found.length > QUOTED ? `${found.slice(0, QUOTED)}…` : found
  return new JsonError(`${place} should be ${wanted} and is ${shown}`)
}
