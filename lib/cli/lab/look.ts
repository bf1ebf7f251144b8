import { LANGUAGES, type Language, languageOf } from '../../lab/said.js'
import { painter } from '../../lab/terminal/paint.js'
import type { Look } from '../../lab/terminal/stage.js'
import type { Given } from '../given.js'
import type { LabConsole } from './console.js'

const COLUMNS = 80
const COLUMNS_MIN = 40

/** The language from the option or its variable, otherwise from the locale for messages. */
export function languageGiven(given: Given, { LC_ALL, LC_MESSAGES, LANG }: NodeJS.ProcessEnv): Language {
  return given.choice('lang', LANGUAGES) ?? languageOf(LC_ALL || LC_MESSAGES || LANG)
}

/** Colours, a clock and scenes side by side need a capable terminal; elsewhere there are plain lines. */
export function lookOf(
  language: Language,
  view: Look['view'],
  { env: { NO_COLOR, TERM }, isTerminal, columns }: LabConsole,
): Look & { live: boolean } {
  const live = isTerminal && TERM !== 'dumb'
  // One column less: a full line would wrap, and then it could not be rewritten.
  const width = live ? Math.max(COLUMNS_MIN, columns || COLUMNS) - 1 : COLUMNS
  return { width, paint: painter(live && !NO_COLOR), language, sideBySide: live && view === 'lifelines', view, live }
}
