import * as fs from 'node:fs'
import { parseDocument } from '../config/document.js'
import { UsageError } from './usage-error.js'

/**
 * One text of a configuration file, found by its keys, with the environment put in; undefined: it is not there. Nothing else is looked
 * at: what runs was started with this file, and may be well although somebody has broken the file since.
 * @throws UsageError where not even that can be read
 */
export function keyInFile(file: string, keys: readonly string[]): string | undefined {
  const { value, faults } = parseDocument(textOf(file), process.env)
  const path = keys.join('.')
  const fault = faults.find(({ path: at }) => at.length === 0 || at.join('.') === path)
  if (fault !== undefined) throw new UsageError(`${path} cannot be read in ${file}: ${fault.message}.`)
  let found: unknown = value
  for (const key of keys) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined
    found = (found as Record<string, unknown>)[key]
  }
  return typeof found === 'string' ? found : undefined
}

function textOf(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new UsageError(`${file} cannot be read: ${code === 'ENOENT' ? 'there is no such file' : message}.`, {
      cause: error,
    })
  }
}
