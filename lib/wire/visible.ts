// Text from a peer or a file, made safe to display. A terminal executes control characters (also C1: U+009B begins a sequence
// like ESC [), and both terminals and pages follow characters that change the writing direction or are invisible. Such characters
// are shown escaped: `\r`, `\x1b`, `\u{202e}`. Every output of such text goes through one of these functions.

/** The text as a single line. */
export function visible(text: string): string {
  return text.replace(OBEYED, letter => NAMED[letter] ?? escaped(letter))
}

/** Our own lines with such text in them: line ends are kept. */
export function visibleLines(text: string): string {
  return text.replace(OBEYED, letter => (letter === '\n' ? letter : (NAMED[letter] ?? escaped(letter))))
}

/** Text that was read as latin1, as plain ASCII. */
export function visibleOctets(text: string): string {
  return visible(text).replace(/[\x80-\xff]/g, escaped)
}

/**
 * Text that was read as latin1 and is written as latin1, so that its bytes, including line ends, come out as they went in.
 * Characters that a reader of UTF-8 would act on are escaped, too.
 */
export function visibleLatin1(text: string): string {
  return text.replace(IN_OCTETS, found => {
    if (found.length === 1) return found === '\n' ? found : (NAMED[found] ?? escaped(found))
    const letter = Buffer.from(found, 'latin1').toString('utf8')
    return visible(letter) === letter ? found : found.replace(/[\x80-\xff]/g, escaped)
  })
}

/** A JSON text that is safe for a terminal, with the same meaning: JSON itself escapes only half of the control characters. */
export function plainJson(json: string): string {
  return HIDDEN_IN_JSON.test(json) ? json.replace(EACH_HIDDEN_IN_JSON, unicode) : json
}

const OBEYED = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** UTF-8 sequences read as latin1, and single bytes that a terminal acts on. */
const IN_OCTETS = /[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}|[\x00-\x1f\x7f-\x9f\xad]/g

const HIDDEN_IN_JSON = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/u
const EACH_HIDDEN_IN_JSON = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu

const NAMED: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' }

function escaped(letter: string): string {
  const code = letter.codePointAt(0)!
  const hex = code.toString(16)
  return code < 0x100 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`
}

/** The JSON escape of a character: a surrogate pair for one above U+FFFF. */
function unicode(letter: string): string {
  let json = ''
  for (let i = 0; i < letter.length; i++) json += `\\u${letter.charCodeAt(i).toString(16).padStart(4, '0')}`
  return json
}
