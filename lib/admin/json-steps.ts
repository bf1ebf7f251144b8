import type { Steps } from '../policy/steps.js'

/** Below the lists of servers and connections: what is there is small, and written at once. */
const DEPTH = 4

/**
 * The text that `JSON.stringify` makes of plain data, value by value: a status with ten thousand servers is megabytes.
 * @param indent '' for one line, or what each level is indented by
 */
export function jsonSteps(value: object, indent = ''): Steps<string> {
  return writtenBelow(value, indent, indent === '' ? '' : '\n', DEPTH)
}

/** An undefined value is not written. @param line what precedes an item of the enclosing list or mapping */
function* writtenBelow(value: object, indent: string, line: string, depth: number): Steps<string> {
  const isList = Array.isArray(value)
  const colon = indent === '' ? ':' : ': '
  const inner = line + indent
  const items: string[] = []
  for (const [key, item] of Object.entries(value) as [string, unknown][]) {
    const isLarge = typeof item === 'object' && item !== null && depth > 1
    const text = isLarge ? yield* writtenBelow(item, indent, inner, depth - 1) : written(item, indent, inner)
    if (isList) items.push(text ?? 'null')
    else if (text !== undefined) items.push(`${JSON.stringify(key)}${colon}${text}`)
    yield
  }
  const [open, close] = isList ? '[]' : '{}'
  return items.length === 0 ? `${open}${close}` : `${open}${inner}${items.join(`,${inner}`)}${line}${close}`
}

function written(value: unknown, indent: string, line: string): string | undefined {
  // JSON strings contain no raw line ends, so every line end here separates two lines.
  return indent === '' ? JSON.stringify(value) : JSON.stringify(value, null, indent)?.replaceAll('\n', line)
}
