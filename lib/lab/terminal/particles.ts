// Korean particles have two forms: one after a final consonant, one after a vowel. Names in other alphabets count as they are
// pronounced.

const SPOKEN_WITH_FINAL = /(?:[lmn]|ng|[013678])$/i

/** The name with its particle: `followed('프록시', '을/를')` is 프록시를. The first form stands after a final consonant. */
export function followed(name: string, forms: '을/를' | '이/가' | '은/는'): string {
  const [after = '', else_ = ''] = forms.split('/')
  return `${name}${endsInConsonant(name) ? after : else_}`
}

function endsInConsonant(name: string): boolean {
  const code = (name.trimEnd().at(-1) ?? '').charCodeAt(0)
  if (code >= 0xac00 && code <= 0xd7a3) return (code - 0xac00) % 28 !== 0
  return SPOKEN_WITH_FINAL.test(name.trimEnd())
}
