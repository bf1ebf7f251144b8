import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'

/** A file of config/, by its path in there. */
export function pathOf(name: string): string {
  return fileURLToPath(new URL(`../../config/${name}`, import.meta.url))
}

export function read(name: string): string {
  return readFileSync(pathOf(name), 'utf8')
}

/** The one document of a YAML file. @throws on what is wrong in it, a key written twice among it */
export function readYaml(name: string): unknown {
  const [document, ...more] = parseAllDocuments(read(name))
  if (document === undefined || more.length > 0) throw new Error(`${name} has ${more.length + 1} documents`)
  const [fault] = [...document.errors, ...document.warnings]
  if (fault) throw fault
  return document.toJS()
}

/** `20s`, `1m30s` as compose writes times, in milliseconds. */
export function readDuration(text: string): number {
  const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }
  const parts = [...text.matchAll(/(\d+)(ms|s|m|h)/g)]
  return parts.reduce((sum, [, digits, unit]) => sum + Number(digits) * units[unit as keyof typeof units], 0)
}
