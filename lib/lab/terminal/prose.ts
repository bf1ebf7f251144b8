import type { Style } from './paint.js'
import type { Look } from './stage.js'
import { widthOf, wrapped } from './width.js'

/** Longer lines are hard to read. */
const LINE_MAX = 92

/** A paragraph, indented. */
export function paragraph(
  text: string,
  { width, paint }: Look,
  { indent = 2, style = 'plain' as Style } = {},
): string[] {
  const blanks = ' '.repeat(indent)
  return wrapped(text, Math.min(width, LINE_MAX) - indent).map(line => blanks + paint(line, style))
}

/** A paragraph after a sign: `1  …`. */
export function item(
  sign: string,
  text: string,
  { width, paint }: Look,
  styles: { sign?: Style; text?: Style } = {},
): string[] {
  const hang = widthOf(sign) + 4
  return wrapped(text, Math.min(width, LINE_MAX) - hang).map((line, i) => {
    const start = i === 0 ? `  ${paint(sign, styles.sign)}  ` : ' '.repeat(hang)
    return start + paint(line, styles.text)
  })
}
