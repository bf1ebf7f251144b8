/** A sentence in each language of the lab. Korean is written as a Korean textbook would say it, not word by word. */
export interface Said {
  readonly en: string
  readonly ko: string
}

export const LANGUAGES = ['en', 'ko'] as const
export type Language = (typeof LANGUAGES)[number]

/** Two languages, one thing said. */
export function said(en: string, ko: string): Said {
  return { en, ko }
}

/** Words that are the same everywhere: names, numbers, what stands on the wire. */
export function plain(text: string): Said {
  return { en: text, ko: text }
}

/** For a verdict that lists what was so and what was not. */
export function yesNo(so: boolean): Said {
  return so ? said('yes', '예') : said('no', '아니요')
}

/** The language of a locale as environments and browsers write it: `ko_KR.UTF-8`, `ko`, `en-GB`. What we do not speak is English. */
export function languageOf(locale: string | undefined): Language {
  return /^ko\b|^ko[_-]/i.test(locale ?? '') ? 'ko' : 'en'
}
