// The pages of docs/lab as text, made only from the texts of an experiment and from one recorded run. Pure functions: a test
// makes the pages again from the recordings and compares.
import { recordOf, stateAt } from '../lib/lab/page/player.js'
import { figureText } from '../lib/lab/page/say.js'
import { transcriptOf } from '../lib/lab/page/transcript.js'
import { wordsOf } from '../lib/lab/page/words.js'
import { planOf, titleOf } from './lab-drawings.mjs'
import { GLOSSARY, INDEX_WORDS, PAGE_WORDS } from './lab-words.mjs'

/** The most columns of a readable table. */
const COLUMNS_MAX = 5
const SYSTEMS = { linux: 'Linux', darwin: 'macOS', win32: 'Windows' }

/** `hang.md`, `hang.ko.md` */
export function fileOf(id, language) {
  return language === 'en' ? `${id}.md` : `${id}.${language}.md`
}

/** `figures/hang-dumb.en.svg` */
export function figureFile(id, name, language) {
  return `figures/${id}-${name}.${language}.svg`
}

/**
 * The page of one experiment.
 * @param {number} nth its position in the course
 * @param {readonly object[] | null} events its recording; null: there is none
 */
export function pageOf(course, nth, events, extra, language) {
  const experiment = course[nth]
  const words = PAGE_WORDS[language]
  const parts = [
    `# ${experiment.title[language]}`,
    heading(course, nth, language),
    prose(experiment.question[language]),
    experiment.answers.map(({ text }, i) => `- **${letterOf(i)}**  ${prose(text[language])}`).join('\n'),
    `**${words.watch}.** ${prose(experiment.watch[language])}`,
    ...(events === null ? [words.missing] : recorded(experiment, events, extra, language)),
    `## ${words.teaches}`,
    ...experiment.lesson.map(text => prose(text[language])),
    ...(extra?.more ? [extra.more[language].trim()] : []),
    `## ${words.change}`,
    prose(experiment.change[language]),
    commands(experiment, extra, language),
    knobTable(experiment, language),
    `## ${words.references}`,
    experiment.references.map(each => `- ${linked(each)}`).join('\n'),
    neighbours(course, nth, language),
  ]
  return `${parts.filter(part => part !== '').join('\n\n')}\n`
}

/** The first page of the course. It does not give away the results: the learner guesses first. */
export function indexOf(course, language) {
  const { title, other, head, intro, outro, words, wordsHead } = INDEX_WORDS[language]
  const rows = course.map(({ id, title, question }, i) => [
    `${i + 1}`,
    `[${title[language]}](${fileOf(id, language)})`,
    `\`${id}\``,
    question[language],
  ])
  const parts = [`# ${title}`, other, intro, tableOf(head, rows), outro.trim(), `## ${words}`]
  return `${[...parts, tableOf(wordsHead, glossary(course, language))].join('\n\n')}\n`
}

function glossary(course, language) {
  const rows = GLOSSARY.map(([en, ko, id]) => {
    const { title } = course.find(each => each.id === id)
    const link = `[${title[language]}](${fileOf(id, language)})`
    return language === 'en' ? [en, ko, link] : [ko, en, link]
  })
  return rows.sort(([a], [b]) => a.localeCompare(b, language))
}

/** The drawings and the results. */
function recorded({ id, answers }, events, extra, language) {
  const words = PAGE_WORDS[language]
  const plan = planOf(events, extra)
  const image = drawing => `![${titleOf(events, drawing, language)}](${figureFile(id, drawing.name, language)})`
  const { right, text } = events.at(-1)
  return [
    `## ${words.recorded}`,
    words.recording(runText(events[0], language), `docs/lab/recordings/${id}.jsonl`),
    ...plan.drawn.map(image),
    plan.folded.length === 0 ? '' : folded(words.more(countOf(plan.folded)), plan.folded.map(image).join('\n\n')),
    folded(words.words, transcript(events, plan, language)),
    `## ${words.happened}`,
    right === undefined ? '' : words.right(letterOf(right - 1), prose(answers[right - 1].text[language])),
    prose(text[language]),
    figures(events, language),
  ]
}

function countOf(drawings) {
  return drawings.flatMap(({ scenes }) => scenes).length
}

function runText({ machine, startedAt, scale, knobs: values }, language) {
  const locale = { en: 'en-GB', ko: 'ko-KR' }[language]
  const date = new Date(startedAt).toLocaleDateString(locale, { dateStyle: 'long', timeZone: 'UTC' })
  const [runtime = '', platform = ''] = machine.split(', ')
  const pairs = Object.entries(values).map(([name, value]) => `\`${name}=${value}\``)
  const how = { runtime: runtime.replace('node', 'Node'), platform: SYSTEMS[platform] ?? platform, date, scale }
  return PAGE_WORDS[language].run({ ...how, knobs: pairs.join(', ') })
}

/** The drawings in words, for readers who cannot see them, and for searching. */
function transcript(events, { drawn }, language) {
  const record = recordOf(events)
  const shown = new Set(drawn.filter(({ isChart }) => !isChart).flatMap(({ scenes }) => scenes))
  const scenes = record.scenes.filter(({ id }) => shown.has(id))
  const lines = transcriptOf({ ...record, scenes }, language).map(({ title, lines }) =>
    [title, ...lines.map(({ time, text }) => `${time.padStart(8)}  ${text}`)].join('\n'),
  )
  return `\`\`\`text\n${lines.join('\n\n')}\n\`\`\``
}

/** The measured figures: one table for scenes with the same figures; few scenes are columns, many scenes are rows. */
function figures(events, language) {
  const words = PAGE_WORDS[language]
  const record = recordOf(events)
  const columns = stateAt(record, record.moments.length)
    .filter(({ figures }) => figures.length > 0)
    .map(({ scene, figures }) => ({
      title: record.scenes.find(({ id }) => id === scene).title[language],
      values: new Map(figures.map(figure => [figure.label[language], valueText(figure, language)])),
    }))
  const tables = alike(columns).map(group => {
    const labels = [...new Set(group.flatMap(({ values }) => [...values.keys()]))]
    if (group.length > COLUMNS_MAX) {
      const rows = group.map(({ title, values }) => [title, ...labels.map(label => values.get(label) ?? '')])
      return tableOf([words.scene, ...labels], rows)
    }
    const rows = labels.map(label => [label, ...group.map(({ values }) => values.get(label) ?? '')])
    return tableOf([words.measured, ...group.map(({ title }) => title)], rows)
  })
  return tables.join('\n\n')
}

/** Groups of scenes in which each has a label in common with another one. */
function alike(columns) {
  return columns.reduce((groups, column) => {
    const has = group => group.some(({ values }) => [...values.keys()].some(label => column.values.has(label)))
    return [...groups.filter(group => !has(group)), [...groups.filter(has).flat(), column]]
  }, [])
}

/** On loopback many times are below a tenth of a millisecond. */
function valueText(figure, language) {
  const say = wordsOf(language)
  const isShort = figure.unit === 'ms' && figure.value < 1
  return isShort ? say('ms.below', { n: figure.value.toFixed(2) }) : figureText(figure, say)
}

function commands({ id }, extra, language) {
  const lines = (extra?.tries ?? []).map(values =>
    ['hopwise lab', id, ...Object.entries(values).map(([name, value]) => `--set ${name}=${value}`)].join(' '),
  )
  const suffix = language === 'en' ? '' : ` --lang ${language}`
  return lines.length === 0 ? '' : `\`\`\`sh\n${lines.map(line => `${line}${suffix}`).join('\n')}\n\`\`\``
}

function knobTable({ knobs }, language) {
  const words = PAGE_WORDS[language]
  const rows = Object.entries(knobs).map(([name, knob]) => {
    const { label, standard } = knob
    if (knob.kind === 'choice') {
      const choices = Object.entries(knob.choices).map(([value, text]) => `\`${value}\`: ${text[language]}`)
      return [`\`${name}\``, label[language], choices.join('; '), `\`${standard}\``]
    }
    const unit = words.unit[knob.unit]
    const range = words.range(knob.min.toLocaleString('en'), knob.max.toLocaleString('en'))
    return [`\`${name}\``, label[language], `${range}${unit}`, `${standard.toLocaleString('en')}${unit}`]
  })
  return rows.length === 0 ? '' : tableOf([words.name, words.what, words.values, words.standard], rows)
}

function heading(course, nth, language) {
  const words = PAGE_WORDS[language]
  const { id } = course[nth]
  const home = `[${words.course}](${fileOf('README', language)})`
  return `${home} · ${words.nth(nth + 1, course.length)} · \`hopwise lab ${id}\` · ${words.other.replace('FILE', id)}`
}

function neighbours(course, nth, language) {
  const words = PAGE_WORDS[language]
  const link = (word, other) => (other ? [`${word}: [${other.title[language]}](${fileOf(other.id, language)})`] : [])
  const links = [...link(words.before, course[nth - 1]), ...link(words.after, course[nth + 1])]
  return `---\n\n${links.join(' · ')}`
}

/** `RFC 9112 C.2.2` as a link to the RFC editor; books as they are. */
export function linked(reference) {
  const [, rfc, place = ''] = /^RFC (\d+)(?: (\S+))?$/.exec(reference) ?? []
  if (rfc === undefined) return reference
  const kind = /^\d/.test(place) ? 'section' : 'appendix'
  return `[${reference}](https://www.rfc-editor.org/rfc/rfc${rfc}${place === '' ? '' : `#${kind}-${place}`})`
}

function letterOf(i) {
  return 'ABCD'.charAt(i)
}

function folded(summary, text) {
  return `<details>\n<summary>${summary}</summary>\n\n${text}\n\n</details>`
}

/** A table of Markdown. */
export function tableOf(head, rows) {
  const cells = rows.map(row => row.map(cell => prose(cell).replaceAll('|', '\\|')))
  return [head, head.map(() => '---'), ...cells].map(row => `| ${row.join(' | ')} |`.replaceAll('  |', ' |')).join('\n')
}

/** A text for Markdown: characters that Markdown would interpret are escaped. */
function prose(text) {
  return text.replaceAll('<', '&lt;').replace(/(?<![\w`])\*(?!\*)/g, '\\*')
}
