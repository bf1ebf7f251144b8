// The generated parts of docs/lab/exercises.md: the first proxies, the lists of checks, and the output of the check for the first
// proxy. The text around them is written by hand; each part is between <!-- name --> and <!-- /name -->. Pure functions.
import { linked, tableOf } from './lab-pages.mjs'

/** The number of levels whose output the page shows; the rest looks similar. */
const SHOWN = 2
const HEAD = { en: ['what is right', ''], ko: ['무엇이 맞는가', ''] }

/** The page with its parts replaced. @throws if the place of a part is missing */
export function exercisePage(page, parts) {
  return Object.entries(parts).reduce((text, [name, part]) => {
    const [begin, end] = [`<!-- ${name} -->\n`, `<!-- /${name} -->`]
    const [from, to] = [text.indexOf(begin), text.indexOf(end)]
    if (from === -1 || to < from) throw new Error(`there is no part ${name} in this page`)
    return `${text.slice(0, from + begin.length)}${part}\n${text.slice(to)}`
  }, page)
}

/** The first proxies. @param texts by file name */
export function programParts(texts) {
  const fence = { py: 'python', mjs: 'js' }
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [name, `\`\`\`${fence[name.split('.')[1]]}\n${text}\`\`\``]),
  )
}

/** The requirements of each level. */
export function levelParts(levels, checks, language) {
  return Object.fromEntries(
    levels.map(level => {
      const rows = checks.filter(check => check.level === level)
      const cells = rows.map(({ title, section }) => [title[language], linked(section)])
      return [`level ${level}`, tableOf(HEAD[language], cells)]
    }),
  )
}

/** The output of the check. @param report `resultLines` and `summaryLines` of lib/lab/check/report */
export function printedPart(levels, results, { resultLines, summaryLines }, language) {
  const lines = results
    .filter(({ level }) => levels.indexOf(level) < SHOWN)
    .flatMap((result, i, all) => resultLines(result, result.level !== all[i - 1]?.level, language))
  return {
    printed: `\`\`\`text\n${[...lines.slice(1), '', '…', ...summaryLines(results, language)].join('\n')}\n\`\`\``,
  }
}
