import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'

/** A file in config/, by its path there. */
export function pathOf(name: string): string {
  return fileURLToPath(new URL(`../../config/${name}`, import.meta.url))
}

export function read(name: string): string {
  return readFileSync(pathOf(name), 'utf8')
}

/** The single document of a YAML file. @throws if it is invalid, for example because of a duplicate key */
export function readYaml(name: string): unknown {
  const [document, ...more] = parseAllDocuments(read(name))
  if (document === undefined || more.length > 0) throw new Error(`${name} has ${more.length + 1} documents`)
  const [fault] = [...document.errors, ...document.warnings]
  if (fault) throw fault
  return document.toJS()
}

/** A duration as compose writes it (`20s`, `1m30s`), in milliseconds. */
export function readDuration(text: string): number {
  const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }
  const parts = [...text.matchAll(/(\d+)(ms|s|m|h)/g)]
  return parts.reduce((sum, [, digits, unit]) => sum + Number(digits) * units[unit as keyof typeof units], 0)
}
