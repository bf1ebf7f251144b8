import { visible } from '../../wire/visible.js'

export { visible, visibleOctets } from '../../wire/visible.js'

/**
 * The role of a piece of text, so that it can be distinguished on a terminal. Never by colour alone: there is always a sign, too.
 */
export type Style =
  | 'plain'
  | 'strong'
  | 'faint'
  | 'title'
  | 'step'
  | 'drop'
  | 'replace'
  | 'reject'
  | 'add'
  | 'good'
  | 'bad'

/** Prepares a text for output: harmless, and in the colours of its style if colours are on. */
export type Paint = (text: string, style?: Style) => string

const CODES: Readonly<Record<Style, string>> = {
  plain: '',
  strong: '1',
  faint: '2',
  title: '1;4',
  step: '1;36',
  drop: '1;31',
  replace: '1;33',
  reject: '1;35',
  add: '1;34',
  good: '1;32',
  bad: '1;31',
}

export function painter(colours: boolean): Paint {
  return (text, style = 'plain') => {
    const safe = visible(text)
    const code = colours ? CODES[style] : ''
    return code === '' || safe === '' ? safe : `\x1b[${code}m${safe}\x1b[0m`
  }
}
