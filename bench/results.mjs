import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describeMachine } from './machine.mjs'
import { compare, gateRatios } from './report/gate.mjs'
import { markdownReport } from './report/report.mjs'
import { toText } from './report/tables.mjs'

const RESULTS = fileURLToPath(new URL('results/', import.meta.url))
const BASELINE = `${RESULTS}baseline.json`

/** Writes the run as a table for people and as numbers for programs. @returns what was written */
export function writeResults(run) {
  const date = new Date().toISOString().slice(0, 10)
  mkdirSync(RESULTS, { recursive: true })
  writeFileSync(`${RESULTS}${date}.md`, markdownReport(run, date))
  writeJson(`${RESULTS}${date}.json`, toJson(run))
  return `bench/results/${date}.md and .json`
}

export function writeJson(path, value) {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`)
}

/** Without arrays of strings: JSON.stringify and this project's formatter write those differently. */
export function toJson({ rounds, seconds, offered, versions, results, failures, missing }) {
  const not = { missing: missing.join('; '), failures: failures.join('\n') }
  return { machine: describeMachine(), versions, rounds, seconds, offered, ...not, results }
}

export function saveBaseline({ rows, results }) {
  const ratios = gateRatios(rows, results)
  if (Object.keys(ratios).length === 0)
    throw new Error('There is no ratio to save: hopwise and nginx must both be measured.')
  mkdirSync(RESULTS, { recursive: true })
  writeJson(BASELINE, { machine: describeMachine(), ratios })
  return 'bench/results/baseline.json'
}

/** @returns {Record<string, object>} @throws Error that says how to make one */
export function readBaseline() {
  try {
    return JSON.parse(readFileSync(BASELINE, 'utf8')).ratios
  } catch {
    throw new Error('There is no bench/results/baseline.json: npm run bench -- --save-baseline writes one.')
  }
}

/** @returns {{ text: string, failed: string[] }} the table of the gate, and the rows that failed */
export function gate(rows, results) {
  const found = compare(readBaseline(), gateRatios(rows, results))
  if (found.length === 0) throw new Error('No ratio of the baseline was measured: the gate has nothing to compare.')
  const lines = found.map(it => [
    it.row,
    it.key === 'cpuUs' ? 'CPU × nginx' : 'rate × nginx',
    it.stored.toFixed(2),
    it.now.toFixed(2),
    `${it.worse > 0 ? '+' : ''}${(it.worse * 100).toFixed(0)} % worse`.replace(/^-(\d+) % worse/, '$1 % better'),
    it.failed ? 'FAILED' : 'ok',
  ])
  return {
    text: toText([['row', 'ratio', 'stored', 'now', 'change', ''], ...lines]),
    failed: [...new Set(found.filter(it => it.failed).map(it => it.row))],
  }
}
