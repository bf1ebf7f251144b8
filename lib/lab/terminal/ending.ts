import type { Judged, LabEvent, RunBegan } from '../events.js'
import type { Experiment, Knob, KnobValues } from '../experiment.js'
import { figureTable } from './figures.js'
import type { Style } from './paint.js'
import { item, paragraph } from './prose.js'
import type { Look } from './stage.js'
import { waterfall } from './waterfall.js'
import { phrases, WORDS } from './words.js'

const OUTCOMES: Readonly<Record<Judged['outcome'], readonly [sign: string, style: Style]>> = {
  observed: ['✔', 'good'],
  'not-observed': ['✘', 'bad'],
  'too-busy': ['~', 'replace'],
  impossible: ['–', 'replace'],
}

/** The measured figures, and the verdict in one sentence. */
export function result(events: readonly LabEvent[], look: Look): string[] {
  const figures = figureTable(events, look)
  const heading = look.paint(WORDS.figures[look.language], 'title')
  const last = events.at(-1)
  const verdict = last?.kind === 'verdict' ? verdictLines(last, look) : []
  return [...waterfall(events, look), ...(figures.length > 0 ? ['', heading, ...figures] : []), '', ...verdict]
}

/** The verdict, on as many lines as it needs. */
function verdictLines({ outcome, text }: Omit<Judged, 'kind'>, look: Look): string[] {
  const [sign, style] = OUTCOMES[outcome]
  const { language } = look
  return item(sign, `${WORDS[outcome][language]}. ${text[language]}`, look, { sign: style, text: 'strong' })
}

/**
 * Whether the prediction was right, as far as the run can say. `chosen` counts from 1; 0: there was none, and the right answer is
 * shown.
 */
export function revealed({ answers }: Experiment, verdict: Omit<Judged, 'kind'>, chosen: number, look: Look): string[] {
  const { language } = look
  const say = phrases(language)
  const { right, outcome } = verdict
  const said = say.predicted(chosen)
  const answer = right === undefined ? undefined : answers[right - 1]
  if (right === undefined || answer === undefined) {
    const why = WORDS[outcome === 'observed' ? 'otherQuestion' : 'unsettled'][language]
    return chosen === 0 ? [] : item('→', `${said} ${why}`, look)
  }
  const told = say.rightIs(right, answer.text[language]).replace(/(?<![.?!])$/, '.')
  if (chosen === 0) return item('→', told, look)
  return chosen === right
    ? item('✔', `${said} ${WORDS.predictedRight[language]}`, look, { sign: 'good' })
    : item('✘', `${said} ${told}`, look, { sign: 'bad' })
}

/** The lesson, what to change (with its command line), and the references. */
export function teaching(experiment: Experiment, { knobs: used }: Pick<RunBegan, 'knobs'>, look: Look): string[] {
  const { lesson, change, references, knobs } = experiment
  const { language, paint } = look
  const title = (word: keyof typeof WORDS) => ['', paint(WORDS[word][language], 'title')]
  const command = commandToTry(experiment, used)
  return [
    ...title('lesson'),
    ...lesson.flatMap((text, i) => [...(i > 0 ? [''] : []), ...paragraph(text[language], look)]),
    ...title('change'),
    ...paragraph(change[language], look),
    ...(command === '' ? [] : [`    ${paint(`$ ${command}`, 'strong')}`]),
    ...(Object.keys(knobs).length > 1 ? [...title('knobs'), ...knobLines(knobs, used, look)] : []),
    ...title('references'),
    ...paragraph(references.join(', '), look),
    '',
  ]
}

/** The command line that changes the first knob and keeps earlier changes; '' if there are no knobs. */
export function commandToTry({ id, knobs }: Experiment, used: KnobValues): string {
  const [first] = Object.keys(knobs)
  const knob = first === undefined ? undefined : knobs[first]
  if (first === undefined || knob === undefined) return ''
  const changed = Object.entries(knobs).flatMap(([name, { standard }]) => {
    const value = name === first ? another(knob, used[name] ?? standard) : (used[name] ?? standard)
    return name === first || value !== standard ? [` --set ${name}=${value}`] : []
  })
  return `hopwise lab ${id}${changed.join('')}`
}

function another(knob: Knob, used: string | number): string | number {
  if (knob.kind === 'choice') {
    const choices = Object.keys(knob.choices)
    return choices[(choices.indexOf(String(used)) + 1) % choices.length] ?? knob.standard
  }
  const { min, max, step } = knob
  const stepped = (value: number) => Math.round((min + Math.round((value - min) / step) * step) * 1000) / 1000
  const twice = stepped(Number(used) * 2)
  if (twice <= max && twice !== used) return twice
  return Math.max(min, stepped(Number(used) / 2))
}

function knobLines(knobs: Experiment['knobs'], used: KnobValues, look: Look): string[] {
  const { language } = look
  return Object.entries(knobs).flatMap(([name, knob]) => {
    const unit = knob.kind === 'choice' || knob.unit === 'count' ? '' : phrases(language).unit(knob.unit)
    const may =
      knob.kind === 'choice'
        ? Object.keys(knob.choices).join(' | ')
        : `${phrases(language).limits(String(knob.min), String(knob.max))}${unit}`
    return item(`--set ${name}=${used[name] ?? knob.standard}`, `${knob.label[language]} (${may})`, look, {
      sign: 'strong',
    })
  })
}
