import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { type Test, test } from 'tap'
import { readCommandLine } from '../../lib/cli/command-line.js'
import { EXPERIMENTS, experimentCalled } from '../../lib/lab/catalogue.js'
import { type CheckResult, LEVELS } from '../../lib/lab/check/check.js'
import * as report from '../../lib/lab/check/report.js'
import { CHECKS, runChecks } from '../../lib/lab/check/run-checks.js'
import type { LabEvent, RunBegan } from '../../lib/lab/events.js'
import { knobValues } from '../../lib/lab/experiment.js'
import { readRecording } from '../../lib/lab/recording.js'
import { LANGUAGES } from '../../lib/lab/said.js'
import { exercisePage, levelParts, printedPart, programParts } from '../../scripts/lab-exercises.mjs'
import { EXTRAS } from '../../scripts/lab-extras.mjs'
import { fileOf, indexOf, pageOf } from '../../scripts/lab-pages.mjs'
import { needs, pathOf } from '../support/needs.js'

const FOLDER = new URL('../../docs/lab/', import.meta.url)
const REWRITE = 'npm run lab:figures -- --recorded writes it again'
const PAGES = readdirSync(FOLDER).filter(name => name.endsWith('.md'))
const FIRST = ['proxy.py', 'proxy.mjs'] as const

function read(file: string): string {
  return readFileSync(new URL(file, FOLDER), 'utf8')
}

function recordingOf(id: string): LabEvent[] | null {
  const file = `recordings/${id}.jsonl`
  return existsSync(new URL(file, FOLDER)) ? readRecording(read(file)) : null
}

test('each page is up to date with the code and its recording', async t => {
  for (const language of LANGUAGES) {
    t.equal(read(fileOf('README', language)), indexOf(EXPERIMENTS, language), `README: ${REWRITE}`)
    for (const [nth, { id }] of EXPERIMENTS.entries()) {
      const page = pageOf(EXPERIMENTS, nth, recordingOf(id), EXTRAS[id], language)
      t.equal(read(fileOf(id, language)), page, `${id}, ${language}: ${REWRITE}`)
    }
  }
})

test('a page has the question, all answers, the verdict, the lesson and what to change', async t => {
  for (const language of LANGUAGES)
    for (const { id, title, question, answers, lesson, change } of EXPERIMENTS) {
      const page = read(fileOf(id, language)).replaceAll('&lt;', '<').replaceAll('\\*', '*')
      const verdict = recordingOf(id)?.at(-1) as { text: typeof title; right: number }
      for (const text of [title, question, ...answers.map(({ text }) => text), ...lesson, change, verdict.text])
        t.ok(page.includes(text[language]), `${id}: ${text[language].slice(0, 60)}`)
      const right = 'ABCD'.charAt(verdict.right - 1)
      t.match(page, new RegExp(`\\*\\*${right}\\*\\*(?: is right)?: “`), `${id}: the right answer`)
    }
})

test('Korean pages are Korean, English pages are English', async t => {
  for (const name of PAGES) {
    const paragraphs = read(name)
      .replace(/```[\s\S]*?```/g, '')
      .split('\n\n')
      .filter(text => /^[A-Z가-힣].{80}/.test(text))
    for (const text of paragraphs)
      t.equal(/[가-힣]/.test(text), name.endsWith('.ko.md'), `${name}: ${text.slice(0, 40)}`)
  }
})

test('every recording can be read, shows its effect, and reveals nothing about the machine', async t => {
  const names = readdirSync(new URL('recordings', FOLDER))
  t.strictSame(names, EXPERIMENTS.map(({ id }) => `${id}.jsonl`).sort(), 'one for each experiment')
  for (const name of names) {
    const text = read(`recordings/${name}`)
    const events = readRecording(text)
    const { experiment, knobs } = events[0] as LabEvent & RunBegan
    t.equal(`${experiment}.jsonl`, name)
    t.strictSame(
      knobValues(experimentCalled(experiment)!.knobs, knobs),
      knobs,
      `${name}: its knobs are the current ones`,
    )
    t.match(events.at(-1), { kind: 'verdict', outcome: 'observed' }, name)
    t.notMatch(text, /\/(?:home|root|Users|tmp|work|var)\//, name)
    for (const folder of [homedir(), tmpdir(), process.cwd()]) t.notOk(text.includes(folder), `${name}: ${folder}`)
    t.ok(statSync(new URL(`recordings/${name}`, FOLDER)).size <= 131_072, `${name}: its size`)
  }
})

test('the commands of a page are valid, and change something', async t => {
  for (const { id, knobs } of EXPERIMENTS) {
    const tries = EXTRAS[id]?.tries ?? []
    t.ok(tries.length > 0, id)
    const standard = knobValues(knobs, {})
    for (const values of tries) t.notSame(knobValues(knobs, values), standard, `${id} ${JSON.stringify(values)}`)
  }
  for (const id of Object.keys(EXTRAS)) t.ok(experimentCalled(id), id)
})

test('command lines are read without an error', async t => {
  const surroundings = { environment: {}, version: '', columns: 80 }
  const blocks = PAGES.flatMap(name => [...read(name).matchAll(/^```sh\n([\s\S]*?)^```$/gm)])
  const lines = blocks
    .flatMap(([, text = '']) => text.split('\n'))
    .flatMap(line => /^hopwise (.*?)(?: {2,}#.*)?$/.exec(line)?.[1] ?? [])
  t.ok(lines.length >= 2 * EXPERIMENTS.length, `${lines.length} lines`)
  for (const line of lines) {
    const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')
    t.match(readCommandLine(words, surroundings), { kind: 'run' }, line)
    if (words[0] === 'lab' && words[1] !== undefined && !words[1].startsWith('-'))
      t.ok(experimentCalled(words[1]) ?? ['check', 'replay', 'serve'].includes(words[1]), line)
  }
})

test('every link leads somewhere, every drawing is in a page', async t => {
  const drawn = new Set<string>()
  for (const name of PAGES) {
    const targets = [...read(name).matchAll(/\]\((?!https:)([^)\s]+)\)/g)].map(([, target = '']) => target)
    for (const target of targets) {
      const [file = '', anchor] = target.split('#')
      t.ok(existsSync(new URL(file, FOLDER)), `${name}: ${target}`)
      if (anchor !== undefined) t.ok(anchorsOf(read(file)).includes(anchor), `${name}: ${target}`)
      if (file.startsWith('figures/')) drawn.add(file.slice('figures/'.length))
    }
  }
  t.strictSame([...drawn].sort(), readdirSync(new URL('figures', FOLDER)).sort())
})

/** Anchors as repository viewers make them. */
function anchorsOf(page: string): string[] {
  return [...page.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s-]/gu, '')
      .replace(/\s/g, '-'),
  )
}

/** An independent checker: its text about a file is empty if nothing is wrong. */
const XML_JUDGE = `
import re, sys, xml.etree.ElementTree as tree
for path in sys.argv[1:]:
    root = tree.parse(path).getroot()
    wrong = [] if root.tag == '{http://www.w3.org/2000/svg}svg' and root.get('viewBox') else ['no svg']
    for element in root.iter():
        name = element.tag.split('}')[1]
        if name in ('script', 'foreignObject', 'image', 'a', 'use'): wrong.append(name)
        for key, value in element.attrib.items():
            if key.startswith('on') or key.endswith('href'): wrong.append(key)
            wrong += re.findall(r'url\\((?!#)[^)]*', value)
        if name == 'style': wrong += re.findall(r'@import|url\\(', element.text or '')
    titles = [e for e in root if e.tag.endswith('}title')]
    if len(titles) != 1 or not titles[0].text: wrong.append('no title')
    print(path.rsplit('/')[-1], *wrong)
`

test('drawings are well-formed, have a title, no script, and ask for nothing', needs('python3'), async t => {
  const names = readdirSync(new URL('figures', FOLDER))
  const paths = names.map(name => fileURLToPath(new URL(`figures/${name}`, FOLDER)))
  const { stdout, stderr } = spawnSync(pathOf('python3'), ['-c', XML_JUDGE, ...paths], { encoding: 'utf8' })
  t.strictSame(stdout.trim().split('\n'), names, stderr)
  t.ok(names.length >= 2 * EXPERIMENTS.length, 'at least one for each experiment and language')
})

test('the exercises show the first proxies and the checks as they are', async t => {
  const texts = Object.fromEntries(FIRST.map(name => [name, read(`first/${name}`)]))
  for (const language of LANGUAGES) {
    const page = read(fileOf('exercises', language))
    const parts = { ...programParts(texts), ...levelParts(LEVELS, CHECKS, language) }
    t.equal(page, exercisePage(page, parts), `exercises, ${language}: ${REWRITE}`)
  }
})

/** The first proxies can only forward: each further level has something left to do. */
function onlyForwards(t: Test, results: readonly CheckResult[]): void {
  for (const level of LEVELS) {
    const wrong = results.filter(each => each.level === level && !each.right).map(({ id }) => id)
    t.equal(wrong.length === 0, level === 'forward', `${level}: ${wrong.join(' ')}`)
  }
}

test(
  'the first proxy in Python forwards, and the check prints about it what the exercises show',
  needs('python3'),
  async t => {
    const results = await runChecks({ start: `exec python3 '${fileURLToPath(new URL('first/proxy.py', FOLDER))}'` })
    onlyForwards(t, results)
    const plain = (text: string) => text.replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:0')
    for (const language of LANGUAGES) {
      const page = plain(read(fileOf('exercises', language)))
      t.equal(page, plain(exercisePage(page, printedPart(LEVELS, results, report, language))), 'npm run lab:figures')
    }
  },
)

test('the first proxy in JavaScript does the same', async t => {
  const file = fileURLToPath(new URL('first/proxy.mjs', FOLDER))
  onlyForwards(t, await runChecks({ start: `exec '${process.execPath}' '${file}'` }))
})
