import type { SeenHead } from '../../lib/lab/events.js'
import type { Ran } from './running.js'

/** The heads that a party sent in a scene, in order. */
export function headsBy(run: Ran, scene: string, by: string): SeenHead[] {
  return run
    .of('bytes', scene)
    .filter(event => event.by === by)
    .flatMap(({ heads = [] }) => heads)
}

/** The values of a field in all heads that a party sent in a scene, in order. */
export function fieldValues(run: Ran, scene: string, by: string, field: string): string[] {
  return headsBy(run, scene, by)
    .flatMap(({ fields }) => fields)
    .filter(({ name }) => name.toLowerCase() === field.toLowerCase())
    .map(({ value }) => value)
}
