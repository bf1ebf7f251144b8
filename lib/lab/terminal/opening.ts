import type { RunBegan } from '../events.js'
import { type Description, SCALED } from '../experiment.js'
import { item, paragraph } from './prose.js'
import type { Look } from './stage.js'
import { widthOf } from './width.js'
import { phrases, WORDS } from './words.js'

/** Title and question, with numbered answers. */
export function question({ id, title, question, answers }: Description, look: Look): string[] {
  const { language } = look
  return [
    '',
    titleLine(title[language], `hopwise lab ${id}`, look),
    '',
    ...paragraph(question[language], look),
    '',
    ...answers.flatMap((answer, i) => item(String(i + 1), answer.text[language], look, { sign: 'strong' })),
    '',
  ]
}

/** The text before the lifelines: what to look at, and what the signs mean. */
export function watch({ watch }: Description, look: Look): string[] {
  const { language, paint } = look
  return [
    paint(WORDS.watch[language], 'title'),
    ...paragraph(watch[language], look),
    ...paragraph(WORDS.signs[language], look, { style: 'faint' }),
  ]
}

/** The special conditions of a run: scaled time, or a recording. */
export function circumstances({ scale, startedAt, machine }: RunBegan, recorded: boolean, look: Look): string[] {
  const { language } = look
  const told = [
    ...(recorded ? [`${phrases(language).recorded(startedAt, machine)}.`] : []),
    ...(scale === 1 ? [] : [`× ${scale}: ${SCALED[language]}`]),
  ]
  return told.flatMap(text => paragraph(text, look, { style: 'faint' }))
}

function titleLine(title: string, command: string, { width, paint }: Look): string {
  const room = Math.min(width, 92) - widthOf(title) - widthOf(command)
  return room < 2 ? paint(title, 'title') : `${paint(title, 'title')}${' '.repeat(room)}${paint(command, 'faint')}`
}
