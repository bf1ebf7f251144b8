/** A sentence in each language of the lab. The Korean text is written as in a Korean textbook, not translated word by word. */
export interface Said {
  readonly en: string
  readonly ko: string
}

export const LANGUAGES = ['en', 'ko'] as const
export type Language = (typeof LANGUAGES)[number]

/** One text in two languages. */
export function said(en: string, ko: string): Said {
  return { en, ko }
}

/** Text that is the same in every language: names, numbers, text from the wire. */
export function plain(text: string): Said {
  return { en: text, ko: text }
}

/** For a verdict that lists which conditions were met. */
export function yesNo(so: boolean): Said {
  return so ? said('yes', '예') : said('no', '아니요')
}

/**
 * The language of a locale as environments and browsers write it: `ko_KR.UTF-8`, `ko`, `en-GB`. Unknown languages become English.
 */
export function languageOf(locale: string | undefined): Language {
  return /^ko\b|^ko[_-]/i.test(locale ?? '') ? 'ko' : 'en'
}
