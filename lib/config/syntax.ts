import type { Document, YAMLError } from 'yaml'
import type { Fault } from './places.js'

/** Later errors of a parser are mostly consequences of the first. */
const FAULTS_MAX = 10

interface Saying {
  message: string
  hint: string
}

/** The errors of the parser, in our words: at most one for each line, and only the first few. */
export function syntaxFindings({ errors, warnings }: Document.Parsed, text: string): Fault[] {
  const faults: Fault[] = []
  /** Lines with an error, each from the end of the line before it. */
  const lines: { from: number; to: number }[] = []
  for (const error of [...errors, ...warnings]) {
    const at = Math.min(error.pos[0], text.length)
    // Checked first: a line may have as many errors as characters.
    if (lines.some(({ from, to }) => from < at && at <= to)) continue
    const line = text.lastIndexOf('\n', at - 1)
    // In a wrongly indented line, mark the first character, not the space before it.
    const from = at + (/^ +(?=\S)/.exec(text.slice(at))?.[0].length ?? 0)
    if (lines.some(one => one.from === line)) continue
    lines.push({ from: line, to: endOf(text, line + 1) })
    const end = text.indexOf('\n', from)
    const rest = text.slice(line + 1, end < 0 ? undefined : end)
    faults.push({ path: [], from, to: Math.max(from + 1, error.pos[1]), ...sayingOf(error, rest) })
    if (faults.length === FAULTS_MAX) break
  }
  return faults
}

function endOf(text: string, line: number): number {
  const end = text.indexOf('\n', line)
  return end < 0 ? text.length : end
}

function sayingOf(error: YAMLError, line: string): Saying {
  // The most common trap: braces of a variable inside braces of a mapping.
  if (error.code === 'UNEXPECTED_TOKEN' && /[[{].*(?<!['"])\$\{/.test(line))
    return {
      message: 'a variable within [ ] or { } has no quotes',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what people write
      hint: "put quotes around it, '${NAME}', or write the list or mapping on separate lines",
    }
  if (error.code === 'UNEXPECTED_TOKEN' && /:\s*\[[0-9a-f:.]*\]:\d/i.test(line))
    return { message: 'an IPv6 address without quotes looks like a list', hint: "put quotes around it: '[::1]:8080'" }
  return SAYINGS[error.code]?.(error.message) ?? { message: plain(error.message), hint: '' }
}

const QUOTES = 'put quotes around the text'

const SAYINGS: Partial<Record<YAMLError['code'], (message: string) => Saying>> = {
  TAB_AS_INDENT: () => ({
    message: 'this line is indented with a tab',
    hint: 'YAML allows only spaces for indentation: write two spaces for each tab',
  }),
  BLOCK_AS_IMPLICIT_KEY: () => ({
    message: 'a key is inside the value of another',
    hint: `the keys of one mapping must begin in the same column; if it is text that contains ": ", ${QUOTES}`,
  }),
  BAD_INDENT: message => ({
    message: message.startsWith('All') ? 'this line is not indented like the lines it belongs to' : plain(message),
    hint: message.startsWith('All')
      ? 'the keys of one mapping, and the dashes of one list, begin in the same column'
      : '',
  }),
  MULTILINE_IMPLICIT_KEY: () => ({
    message: 'a key spans several lines',
    hint: 'write a colon and a space after each key',
  }),
  MISSING_CHAR: message => ({
    message: message.startsWith('Implicit') ? 'a colon is missing after this key' : plain(message),
    hint: message.startsWith('Implicit') ? 'write key: value' : '',
  }),
  BAD_SCALAR_START: message => ({
    message: `text cannot begin with ${message.slice(-1)} here`,
    hint: `${QUOTES}: YAML gives it another meaning`,
  }),
  BAD_ALIAS: () => ({ message: 'a lone * is not text', hint: `${QUOTES}: YAML gives it another meaning` }),
  UNEXPECTED_TOKEN: message => ({
    message: `${plain(message)
      .replace('unexpected block-seq-ind on same line with key', 'a list cannot begin on the line of its key')
      .replace(/unexpected (?:scalar|flow\S*) .*/, 'there is text after the end of the value')}`,
    hint: `start a list on a new line; ${QUOTES} that contains quotes, brackets or braces`,
  }),
  BLOCK_IN_FLOW: () => ({ message: 'a comma is missing within [ ] or { }', hint: '' }),
  MULTIPLE_DOCS: () => ({
    message: 'a second document begins here',
    hint: 'a file holds one configuration: remove the ---',
  }),
  RESOURCE_EXHAUSTION: () => ({ message: 'it is nested too deeply', hint: '' }),
  TAG_RESOLVE_FAILED: () => ({ message: 'tags are not supported here', hint: 'remove the word with the !' }),
  BAD_DQ_ESCAPE: message => ({
    message: plain(message),
    hint: 'write the text in single quotes, where a backslash has no special meaning',
  }),
}

function plain(message: string): string {
  return `${message.charAt(0).toLowerCase()}${message.slice(1)}`
}
