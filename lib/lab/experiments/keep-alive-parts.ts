import { fieldOf } from '../client.js'

// Helpers of the experiments about kept connections: reading heads and counting.

/** Does `Connection` of this head have that option? Case is ignored, and all of its lines are read. */
export function hasOption(head: string, option: string): boolean {
  return fieldOf(head, 'connection')
    .split(',')
    .some(each => each.trim().toLowerCase() === option)
}

/** A parameter of `Keep-Alive`: `max` of `timeout=5, max=99` is 99; -1 if it is missing. */
export function keepAliveParameter(head: string, name: 'timeout' | 'max'): number {
  const match = new RegExp(`(?:^|[\\s,])${name}=(\\d{1,9})(?:[\\s,]|$)`, 'i').exec(fieldOf(head, 'keep-alive'))
  return match === null ? -1 : Number(match[1])
}

/** `1 response`, `3 responses`. */
export function counted(n: number, one: string): string {
  return `${n} ${one}${n === 1 ? '' : 's'}`
}
