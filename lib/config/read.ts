import * as fs from 'node:fs'
import * as path from 'node:path'
import { LineCounter } from 'yaml'
import { checkFiles } from './check-files.js'
import { checkListeners } from './check-listeners.js'
import { checkRoutes } from './check-routes.js'
import { checkUpstreams } from './check-upstreams.js'
import { type Complaint, error } from './complaint.js'
import { type Configuration, complete } from './configuration.js'
import { parseDocument } from './document.js'
import type { Finding, Path } from './findings.js'
import { writePath } from './findings.js'
import { foreignFile } from './foreign-file.js'
import { complaintsOf } from './issues.js'
import { NOTE_KEYS } from './json-schema.js'
import { nearestPlace, type Place, placeAt } from './places.js'
import { prune, WrongPlaces } from './prune.js'
import { SCHEMA } from './schema.js'
import type { Environment } from './substitute.js'

export interface ReadOptions {
  environment: Environment
  /** Check the files that it names too. Default: true. */
  checkFiles?: boolean
  /** For the dates in certificates, in ms. Default: now. */
  now?: number
}

export interface Reading {
  /** Absent if there is an error among the findings. */
  configuration?: Configuration
  /** In file order. */
  findings: Finding[]
  /** The texts of the files that it names, by their absolute names. */
  contents: Record<string, string>
  /** The text of the file. */
  text: string
  /** The places of all values in the text. */
  place: Place
  /** Line and column of an offset, from 1. */
  position(offset: number): { line: number; column: number }
}

const FOREIGN_HINT = 'docs/coming-from.md shows how to translate it, config/reverse.yaml is a file to start with'

const FILE_BYTES_MAX = 1_048_576
/** More findings would not help. */
const FINDINGS_MAX = 100

/** Reads and checks a configuration file. Never throws: every error is a finding. */
export function readConfiguration(file: string, options: ReadOptions): Reading {
  let bytes: Buffer
  try {
    // Reading a pipe could block for ever, and all that this process serves with it.
    const stats = fs.statSync(file)
    if (!stats.isFile() && !stats.isDirectory())
      return unread(file, 'it is not a regular file', 'use a regular file: it is read again at each reload')
    bytes = readBounded(file)
  } catch (cause) {
    return unread(file, `it cannot be read: ${reasonOf(cause as NodeJS.ErrnoException)}`)
  }
  if (bytes.length > FILE_BYTES_MAX)
    return unread(file, `it is larger than ${FILE_BYTES_MAX} bytes`, 'is it the right file?')
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return unread(file, 'it is not UTF-8', 'save it as UTF-8')
  }
  return readConfigurationText(text, file, options)
}

/** The same for a text. @param file its name, for findings and as the base of relative file names */
export function readConfigurationText(text: string, file: string, options: ReadOptions): Reading {
  const { value, place, faults, doubtful } = parseDocument(text, options.environment)
  const report = new Report(file, text, place)
  // Syntax errors or countless unknown keys would tell the user less.
  const foreign = foreignFile(file, text, value)
  if (foreign !== '') {
    report.add(error([], `it is ${foreign}, which hopwise cannot read`, FOREIGN_HINT))
    return report.end()
  }
  for (const { message, hint, path, ...span } of faults) report.add(error(path, message, hint, { span }))
  // If the text is not YAML, nothing else can be checked.
  if (value === undefined && faults.length > 0) return report.end()

  const root = withoutNotes(value)
  const result = SCHEMA.safeParse(root)
  const wrong: Path[] = [...doubtful]
  if (!result.success) {
    const variablesAt = (path: Path) => placeAt(place, path)?.variables ?? []
    const unsaid = new WrongPlaces(doubtful)
    const complaints = complaintsOf(result.error.issues, root, variablesAt).filter(one => !unsaid.isFollowUp(one))
    for (const complaint of complaints) report.add(complaint)
    for (const complaint of complaints) wrong.push(complaint.path)
  }
  const checked = result.success ? result.data : prune(root, wrong)
  if (checked === undefined) return report.end()

  const configuration = complete(checked, path.resolve(path.dirname(file)))
  const keysGiven = (at: Path) => [...(placeAt(place, at)?.children?.keys() ?? [])].map(String)
  const files =
    options.checkFiles === false
      ? { complaints: [], contents: {} }
      : checkFiles(configuration, options.now ?? Date.now())
  const complaints = [
    ...checkListeners(configuration, keysGiven),
    ...checkRoutes(configuration, keysGiven),
    ...checkUpstreams(configuration),
    ...files.complaints,
  ]
  const unsaid = new WrongPlaces(wrong)
  for (const complaint of complaints) if (!unsaid.isFollowUp(complaint)) report.add(complaint)
  return report.end(configuration, files.contents)
}

function withoutNotes(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).filter(([key]) => !NOTE_KEYS.test(key)))
}

function readBounded(file: string): Buffer {
  const fd = fs.openSync(file, 'r')
  try {
    const bytes = Buffer.alloc(FILE_BYTES_MAX + 1)
    let length = 0
    while (length < bytes.length) {
      const count = fs.readSync(fd, bytes, length, bytes.length - length, null)
      if (count === 0) break
      length += count
    }
    return bytes.subarray(0, length)
  } finally {
    fs.closeSync(fd)
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EACCES') return 'permission denied'
  if (code === 'EISDIR') return 'it is a directory'
  return message
}

function unread(file: string, message: string, hint = ''): Reading {
  const report = new Report(file, '', { value: { from: 0, to: 0 }, variables: [] })
  report.add(error([], message, hint))
  return report.end()
}

/** Collects complaints and finds their places. */
class Report {
  readonly #findings: Finding[] = []
  readonly #lines = new LineCounter()

  constructor(
    private readonly file: string,
    private readonly text: string,
    private readonly root: Place,
  ) {
    this.#lines.addNewLine(0)
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#lines.addNewLine(at + 1)
  }

  add({ severity, path, at, message, hint, span }: Complaint): void {
    const { place, exact } = nearestPlace(this.root, path)
    // For a missing value, the enclosing key is shown; for a mapping or list, its key.
    const whole = !exact || place.children !== undefined
    const { from, to } = span ?? (at === 'key' || whole ? (place.key ?? place.value) : place.value)
    const { line, column } = this.position(from)
    const lineEnd = this.text.indexOf('\n', from)
    const end = Math.min(to, lineEnd < 0 ? this.text.length : lineEnd)
    const endColumn = column + Math.max(1, end - from)
    this.#findings.push({ severity, file: this.file, line, column, endColumn, path: writePath(path), message, hint })
  }

  position(offset: number): { line: number; column: number } {
    const { line, col } = this.#lines.linePos(Math.min(offset, this.text.length))
    return { line, column: col }
  }

  end(configuration?: Configuration, contents: Record<string, string> = {}): Reading {
    const findings = this.#findings.sort((a, b) => a.line - b.line || a.column - b.column).slice(0, FINDINGS_MAX)
    const good = configuration !== undefined && this.#findings.every(({ severity }) => severity === 'warning')
    return {
      ...(good ? { configuration } : {}),
      findings,
      contents,
      text: this.text,
      place: this.root,
      position: offset => this.position(offset),
    }
  }
}
