// Writes docs/lab: runs every experiment on this machine, keeps the recordings, and makes drawings and pages from them. If an
// effect was not observed, the old files stay and the exit code is 1. `npm run lab:figures` builds first.
//   npm run lab:figures -- hang pool        runs only these
//   npm run lab:figures -- --recorded       runs nothing: rewrites everything from the existing recordings
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, hostname, tmpdir } from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { EXPERIMENTS, experimentCalled } from '../dist/lib/lab/catalogue.js'
import { LEVELS } from '../dist/lib/lab/check/check.js'
import * as report from '../dist/lib/lab/check/report.js'
import { CHECKS, runChecks } from '../dist/lib/lab/check/run-checks.js'
import { readRecording, recordingText } from '../dist/lib/lab/recording.js'
import { runExperiment } from '../dist/lib/lab/run.js'
import { LANGUAGES } from '../dist/lib/lab/said.js'
import { drawingOf, planOf } from './lab-drawings.mjs'
import { exercisePage, levelParts, printedPart, programParts } from './lab-exercises.mjs'
import { EXTRAS } from './lab-extras.mjs'
import { figureFile, fileOf, indexOf, pageOf } from './lab-pages.mjs'

const FOLDER = new URL('../docs/lab/', import.meta.url)
/** The largest recording that is acceptable in the repository. */
const RECORDING_BYTES_MAX = 131_072
/** Bytes of content that a recording shows after the last head of an event; the size is always given in full. */
const CONTENT_SHOWN = 120
/** A loaded machine may spoil a run. */
const RUNS_MAX = 3

const words = process.argv.slice(2)
const unknown = words.find(word => word !== '--recorded' && !experimentCalled(word))
if (unknown !== undefined) {
  process.stderr.write(`There is no experiment "${unknown}".\n`)
  process.exit(2)
}
if (!words.includes('--recorded'))
  for (const experiment of EXPERIMENTS)
    if (words.length === 0 || words.includes(experiment.id)) await record(experiment)
writePages()
writeExercises(words.includes('--recorded') ? null : await checkFirst())

/** Keeps the recording of a run in which the effect was observed. */
async function record(experiment) {
  const { id } = experiment
  for (let n = 1; n <= RUNS_MAX; n++) {
    const events = await runExperiment(experiment, { knobs: EXTRAS[id]?.knobs ?? {} })
    const { outcome, text } = events.at(-1)
    process.stdout.write(`${id}: ${outcome}. ${text.en}\n`)
    if (outcome === 'impossible') return
    if (outcome === 'observed') return keep(id, recordingText(events.map(shortened)))
  }
  process.exitCode = 1
}

function keep(id, text) {
  if (text.length > RECORDING_BYTES_MAX) throw new Error(`the recording of ${id} has ${text.length} bytes`)
  const folders = [homedir(), tmpdir(), process.cwd()].filter(folder => folder.length > 1)
  const host = hostname() === 'localhost' ? '' : hostname()
  const told = text
    .split(/[^\w./-]+/)
    .find(word => word !== '' && (word === host || folders.some(it => word.startsWith(it))))
  if (told !== undefined) throw new Error(`the recording of ${id} names something of this machine: ${told}`)
  write(`recordings/${id}.jsonl`, text)
}

/** Long content is of little use: keeps only its beginning. */
function shortened(event) {
  if (event.kind !== 'bytes') return event
  const shown = Math.max(0, ...(event.heads ?? []).map(({ to }) => to)) + CONTENT_SHOWN
  return { ...event, text: event.text.slice(0, shown) }
}

/** Writes all pages and drawings from the existing recordings. */
function writePages() {
  const recordings = new Map(
    EXPERIMENTS.map(({ id }) => [id, `recordings/${id}.jsonl`])
      .filter(([, file]) => existsSync(new URL(file, FOLDER)))
      .map(([id, file]) => [id, readRecording(read(file))]),
  )
  const drawings = new Set()
  for (const language of LANGUAGES) {
    write(fileOf('README', language), indexOf(EXPERIMENTS, language))
    for (const [nth, { id }] of EXPERIMENTS.entries()) {
      const events = recordings.get(id) ?? null
      write(fileOf(id, language), pageOf(EXPERIMENTS, nth, events, EXTRAS[id], language))
      if (events === null) continue
      const { drawn, folded } = planOf(events, EXTRAS[id])
      for (const drawing of [...drawn, ...folded]) {
        const file = figureFile(id, drawing.name, language)
        write(file, drawingOf(events, drawing, language))
        drawings.add(file)
      }
    }
  }
  for (const name of readdirSync(new URL('figures', FOLDER)))
    if (!drawings.has(`figures/${name}`)) rmSync(new URL(`figures/${name}`, FOLDER))
}

/** @param results of the check of the first proxy; null: the old output stays */
function writeExercises(results) {
  const texts = Object.fromEntries(['proxy.py', 'proxy.mjs'].map(name => [name, read(`first/${name}`)]))
  for (const language of LANGUAGES) {
    const file = fileOf('exercises', language)
    const parts = { ...programParts(texts), ...levelParts(LEVELS, CHECKS, language) }
    const printed = results === null ? {} : printedPart(LEVELS, results, report, language)
    write(file, exercisePage(read(file), { ...parts, ...printed }))
  }
}

/** @returns null if the check could not run, or if its result is not what the pages say: level 1 right, each other level wrong */
async function checkFirst() {
  try {
    const results = await runChecks({ start: `exec python3 '${fileURLToPath(new URL('first/proxy.py', FOLDER))}'` })
    const finished = LEVELS.filter(level => results.every(each => each.level !== level || each.right))
    if (finished.join() === LEVELS[0]) return results
    process.stderr.write(`The first proxy gets these levels right: ${finished.join(', ')}.\n`)
  } catch (error) {
    process.stderr.write(`${error.message}\n`)
  }
  process.exitCode = 1
  return null
}

function read(file) {
  return readFileSync(new URL(file, FOLDER), 'utf8')
}

function write(file, text) {
  const url = new URL(file, FOLDER)
  mkdirSync(dirname(fileURLToPath(url)), { recursive: true })
  writeFileSync(url, text)
}
