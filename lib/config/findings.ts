import { visible } from '../wire/visible.js'
import { replaceSecrets } from './secrets.js'

/** Keys and indexes from the root of the file to a value. */
export type Path = readonly (string | number)[]

/** One error or warning about a configuration file. */
export interface Finding {
  /** A configuration with an error cannot be used. */
  severity: 'error' | 'warning'
  file: string
  /** From 1. */
  line: number
  /** From 1, in UTF-16 units, as editors count. */
  column: number
  /** After the last character of the marked text, in the same line. */
  endColumn: number
  /** `listeners[0].routes[1].upstream`; '' for the file as a whole. */
  path: string
  /** What is wrong, with the value found. */
  message: string
  /** How to correct it; '' if the message says so. */
  hint: string
}

/** `listeners[0].routes[1].upstream`, `upstreams["a b"].servers` */
export function writePath(path: Path): string {
  return path
    .map((part, i) => {
      if (typeof part === 'number') return `[${part}]`
      if (!/^[A-Za-z_$][\w-]*$/.test(part)) return `[${JSON.stringify(part)}]`
      return i === 0 ? part : `.${part}`
    })
    .join('')
}

export function inWords(words: readonly string[], last = 'or'): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${last} ${words[words.length - 1]}`
}

/** `1 error`, `2 errors` */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

const SHOWN_LETTERS_MAX = 60

/** A value as messages quote it: short, on one line, without passwords. */
export function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'a mapping'
  const text = typeof value === 'string' ? JSON.stringify(withoutSecrets(value)) : String(value)
  return text.length > SHOWN_LETTERS_MAX ? `${text.slice(0, SHOWN_LETTERS_MAX)}…` : text
}

/** User names and passwords in URLs become asterisks. */
export function withoutSecrets(text: string): string {
  return replaceSecrets(text, () => '***:***')
}

/** All findings as readable text, each with its line and a mark under the place. */
export function writeFindings(findings: readonly Finding[], text: string): string {
  if (findings.length === 0) return ''
  // One asterisk for each character, so that columns stay the same.
  const lines = text.split(/\r\n|[\r\n]/).map(line => replaceSecrets(line, secret => '*'.repeat(secret.length)))
  const errors = findings.filter(({ severity }) => severity === 'error').length
  const warnings = findings.length - errors
  const sums = [
    ...(errors > 0 ? [counted(errors, 'error')] : []),
    ...(warnings > 0 ? [counted(warnings, 'warning')] : []),
  ]
  return `${[...findings.map(finding => writeFinding(finding, lines[finding.line - 1])), sums.join(', ')].join('\n\n')}\n`
}

function writeFinding(finding: Finding, line: string | undefined): string {
  const parts = [sentenceOf(finding)]
  if (line !== undefined && line.trim() !== '') parts.push(excerpt(finding, line))
  if (finding.hint !== '') parts.push(`  ${visible(finding.hint)}`)
  return parts.join('\n')
}

/** On one line: `FILE:7:15: error: listeners[0].mode: …` */
export function sentenceOf({ severity, file, line, column, path, message }: Finding): string {
  return visible(`${file}:${line}:${column}: ${severity}: ${path === '' ? '' : `${path}: `}${message}`)
}

const EXCERPT_LETTERS = 100

function excerpt({ line, column, endColumn }: Finding, whole: string): string {
  // A long line is shown around the place.
  const from = column > EXCERPT_LETTERS ? column - EXCERPT_LETTERS / 2 : 0
  const shown = whole
    .slice(from, from + EXCERPT_LETTERS)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
    .trimEnd()
  const before = column - 1 - from
  const marks = Math.max(1, Math.min(endColumn, from + shown.length + 1) - column)
  const number = String(line).padStart(5)
  return `${number} | ${shown}\n${' '.repeat(number.length)} | ${' '.repeat(before)}${'^'.repeat(marks)}`
}
