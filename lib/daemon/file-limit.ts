import * as fs from 'node:fs'

/** What a process needs beside its connections: libraries, logs, the event loop. */
const OTHER_FILES = 64

/**
 * Linux: connections beyond the limit of open files are dropped by the kernel's and Node's hands, without an answer or a
 * line in the log, so who starts with less than the configured connections is told. Undefined: enough, or not known.
 */
export function tooFewFiles(
  connections: number,
  limits = (): string => fs.readFileSync('/proc/self/limits', 'latin1'),
): { files: number; wanted: number } | undefined {
  const wanted = connections + OTHER_FILES
  try {
    const files = Number(/^Max open files\s+(\d+)/m.exec(limits())?.[1] ?? Number.POSITIVE_INFINITY)
    return files < wanted ? { files, wanted } : undefined
  } catch {
    return undefined
  }
}
