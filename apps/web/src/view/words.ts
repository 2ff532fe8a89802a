/** How figures and choices are put into words, the same on every screen. */

import type { Configuration } from '../engine/messages.ts'

const RUNTIMES = { onnx: 'ONNX Runtime', litert: 'LiteRT' } as const
const UNITS = { cpu: 'CPU', gpu: 'GPU' } as const

/** Such as "LiteRT, CPU, fp32" */
export function wayName({ runtime, unit, precision }: Configuration): string {
  return `${RUNTIMES[runtime]}, ${UNITS[unit]}, ${precision}`
}

/** Such as "LiteRT, CPU, 4 threads, fp32" */
export function configurationName({ runtime, unit, threads, precision }: Configuration): string {
  const count = unit === 'cpu' ? `, ${threads} ${threads === 1 ? 'thread' : 'threads'}` : ''
  return `${RUNTIMES[runtime]}, ${UNITS[unit]}${count}, ${precision}`
}

/** Bytes as people read them, such as "14.2 MB" */
export function size(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
}

/** ms, with as many digits as are worth reading */
export function ms(value: number): string {
  return value < 10 ? value.toFixed(1) : value.toFixed(0)
}

/** Seconds as a player shows them, such as "1:04.3" */
export function clock(seconds: number): string {
  const minutes = Math.floor(seconds / 60)
  return `${minutes}:${(seconds - 60 * minutes).toFixed(1).padStart(4, '0')}`
}

/** A thing's name without the end of its file's */
export function stem(name: string): string {
  return name.replace(/\.[^.]*$/, '')
}
