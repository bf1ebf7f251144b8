import * as fs from 'node:fs'
import { parseDocument } from '../config/document.js'
import { UsageError } from './usage-error.js'

/**
 * One text value of a configuration file, found by its keys, with environment variables substituted; undefined if it is
 * absent. Nothing else is checked: the running process was started with this file, and may be healthy even if the file
 * has been broken since.
 * @throws UsageError if not even that can be read
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
