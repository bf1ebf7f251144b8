// Texts on a terminal, where letters are in columns: Hangul and Han take two (UAX 11), marks are combined with the letter before
// them.

const WIDE: readonly (readonly [first: number, last: number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
]
const FIRST_WIDE = 0x1100

/** Columns of one letter (a code point): 0, 1 or 2. */
export function letterWidth(letter: string): 0 | 1 | 2 {
  const code = letter.codePointAt(0) ?? 0
  if (code < 0x300) return 1
  if (/^\p{M}$/u.test(letter) || (code >= 0x1160 && code <= 0x11ff)) return 0
  return code >= FIRST_WIDE && WIDE.some(([first, last]) => code >= first && code <= last) ? 2 : 1
}

/** Columns of a text without control characters. */
export function widthOf(text: string): number {
  let width = 0
  for (const letter of text) width += letterWidth(letter)
  return width
}

/** The beginning of a text that fits into so many columns, with `…` at its end if something is missing. */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  let fits = ''
  let width = 1
  for (const letter of text) {
    width += letterWidth(letter)
    if (width > columns) break
    fits += letter
  }
  return columns < 1 ? '' : `${fits.trimEnd()}…`
}

/** Padded with blanks to so many columns, at its end or (`start`) at its beginning. */
export function padded(text: string, columns: number, side: 'start' | 'end' = 'end'): string {
  const blanks = ' '.repeat(Math.max(0, columns - widthOf(text)))
  return side === 'end' ? text + blanks : blanks + text
}

/** Lines of at most so many columns, wrapped between words; a word that is longer than a line is broken. */
export function wrapped(text: string, columns: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ').flatMap(word => pieces(word, Math.max(2, columns)))) {
    const longer = line === '' ? word : `${line} ${word}`
    if (widthOf(longer) <= columns) line = longer
    else {
      if (line !== '') lines.push(line)
      line = word
    }
  }
  return [...lines, line]
}

function pieces(word: string, columns: number): string[] {
  if (widthOf(word) <= columns) return [word]
  const all: string[] = []
  let piece = ''
  let width = 0
  for (const letter of word) {
    const more = letterWidth(letter)
    if (width + more > columns) {
      all.push(piece)
      piece = ''
      width = 0
    }
    piece += letter
    width += more
  }
  return [...all, piece]
}
