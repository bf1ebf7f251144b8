// What a peer or a file says, as a person may look at it. A terminal obeys control characters (C1 ones too: U+009B begins a sequence as ESC [
// does), and a page as well as a terminal obeys letters that turn the direction of writing or cannot be seen. So they are shown, not sent:
// `\r`, `\x1b`, `\u{202e}`. Every door through which such a text leaves uses one of these.

/** A text as one line. */
export function visible(text: string): string {
  return text.replace(OBEYED, letter => NAMED[letter] ?? escaped(letter))
}

/** Lines of ours with such texts in them: their ends stay. */
export function visibleLines(text: string): string {
  return text.replace(OBEYED, letter => (letter === '\n' ? letter : (NAMED[letter] ?? escaped(letter))))
}

/** Octets that were read as latin1, as plain ASCII. */
export function visibleOctets(text: string): string {
  return visible(text).replace(/[\x80-\xff]/g, escaped)
}

/**
 * Octets that were read as latin1 and are written as latin1, so that they come out as they went in, line ends included: what a reader of UTF-8
 * obeys is found in them, too.
 */
export function visibleLatin1(text: string): string {
  return text.replace(IN_OCTETS, found => {
    if (found.length === 1) return found === '\n' ? found : (NAMED[found] ?? escaped(found))
    const letter = Buffer.from(found, 'latin1').toString('utf8')
    return visible(letter) === letter ? found : found.replace(/[\x80-\xff]/g, escaped)
  })
}

/** A JSON text that is plain to a terminal, too: JSON itself escapes only half of the control characters. It says the same. */
export function plainJson(json: string): string {
  return HIDDEN_IN_JSON.test(json) ? json.replace(EACH_HIDDEN_IN_JSON, unicode) : json
}

const OBEYED = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** Letters of UTF-8, read as latin1, and single octets that are obeyed. */
const IN_OCTETS = /[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}|[\x00-\x1f\x7f-\x9f\xad]/g

const HIDDEN_IN_JSON = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/u
const EACH_HIDDEN_IN_JSON = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu

const NAMED: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' }

function escaped(letter: string): string {
  const code = letter.codePointAt(0)!
  const hex = code.toString(16)
  return code < 0x100 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`
}

/** As JSON writes a letter: one beyond the first 65,536 in two halves. */
function unicode(letter: string): string {
  let json = ''
  for (let i = 0; i < letter.length; i++) json += `\\u${letter.charCodeAt(i).toString(16).padStart(4, '0')}`
  return json
}
