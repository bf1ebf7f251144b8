import * as fs from 'node:fs'
import { OTHER_FILES } from '../link/limits.js'

/** How many files this process may have open (`ulimit -n`); null: not known, or no limit. */
export function filesAllowed(limits = (): string => fs.readFileSync('/proc/self/limits', 'latin1')): number | null {
  try {
    const files = /^Max open files\s+(\d+)/m.exec(limits())?.[1]
    return files === undefined ? null : Number(files)
  } catch {
    return null
  }
}

/**
 * Linux: connections beyond the limit of open files are dropped by the kernel and Node, without an answer or a line in
 * the log, so a start with a limit too low for the configured connections is reported. Undefined: enough, or not known.
 */
export function tooFewFiles(connections: number, limits?: () => string): { files: number; wanted: number } | undefined {
  const wanted = connections + OTHER_FILES
  const files = filesAllowed(limits)
  return files !== null && files < wanted ? { files, wanted } : undefined
}
