import { z } from 'zod'
import { NUMBER_SPECS, type NumberTable, TIMER_MS_MAX } from './numbers.js'
import { readNameserver, WrongValue } from './values.js'

/** Building blocks of the schemas. `about` is the description of a key in editors and docs/configuration.md. */

/** A text that `read` accepts; the WrongValue it throws becomes an issue. */
export function text(read: (text: string) => unknown): z.ZodString {
  return z.string().superRefine((value, context) => {
    try {
      read(value)
    } catch (error) {
      if (!(error instanceof WrongValue)) throw error
      context.addIssue({ code: 'custom', message: error.what, params: { right: error.right } })
    }
  })
}

export const nameservers = z
  .array(text(readNameserver))
  .min(1)
  .optional()
  .describe('Name servers to use exclusively. Default: resolve names as this machine does.')

/** A file name, relative to the directory of the configuration file. */
export function fileName(about: string): z.ZodString {
  return z.string().min(1).describe(about)
}

export function flag(standard: boolean, about: string) {
  return z.boolean().default(standard).describe(about)
}

export function choice<const C extends readonly string[]>(choices: C, standard: C[number], about: string) {
  return z.enum(choices).default(standard).describe(about)
}

/** A count; `max` rejects what can only be a mistake. */
export function count(standard: number, about: string, { min = 0, max = 1_000_000 } = {}) {
  return z.int().min(min).max(max).default(standard).describe(about)
}

/** A rate per second, which may be a fraction. */
export function rate(standard: number, about: string) {
  return z.number().min(0).max(1_000_000).default(standard).describe(about)
}

export function milliseconds(standard: number, about: string, { min = 0 } = {}) {
  return z.int().min(min).max(TIMER_MS_MAX).default(standard).describe(about)
}

/** One value, or a list of at least one. */
export function oneOrMore<T extends z.ZodType>(one: T) {
  return z.union([one, z.array(one).min(1)])
}

type Row<T> = { [K in keyof T]: z.ZodDefault<z.ZodInt> }
type Overrides<T> = { [K in keyof T]: z.ZodOptional<z.ZodInt> }

/** Every key of a table of numbers, with its default. */
export function numbers<T extends object>(table: NumberTable): z.ZodObject<Row<T>, z.core.$strict> {
  const shape = shapeOf(table, spec => plain(spec).default(spec.standard).describe(aboutOf(spec)))
  return z.strictObject(shape as Row<T>)
}

/** The same keys without defaults: what is not given comes from the enclosing table. @param keys only these */
export function overrides<T extends object>(
  table: NumberTable,
  keys?: readonly (keyof T)[],
): z.ZodObject<Overrides<T>, z.core.$strict> {
  const wanted = (key: string) => keys === undefined || (keys as readonly string[]).includes(key)
  const shape = shapeOf(table, spec => plain(spec).optional().describe(aboutOf(spec)), wanted)
  return z.strictObject(shape as Overrides<T>)
}

type Spec = (typeof NUMBER_SPECS)[number]

function shapeOf(table: NumberTable, make: (spec: Spec) => z.ZodType, wanted: (key: string) => boolean = () => true) {
  return Object.fromEntries(
    NUMBER_SPECS.filter(spec => spec.table === table && wanted(spec.key)).map(spec => [spec.key, make(spec)]),
  )
}

function plain({ min, max }: Spec) {
  return z.int().min(min).max(max)
}

function aboutOf({ about, unit }: Spec): string {
  return `${about}${unit === 'milliseconds' ? ' (ms)' : ''}.`.replace(') (ms).', ', ms).')
}
