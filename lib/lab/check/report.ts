import { type Language, type Said, said } from '../said.js'
import { type Paint, painter } from '../terminal/paint.js'
import { type CheckResult, LEVELS, type Level } from './check.js'

const TITLES: Readonly<Record<Level, Said>> = {
  forward: said('Forward', '전달하기'),
  connection: said('Strip Connection', 'Connection 제거하기'),
  named: said('Strip the fields that it names', 'Connection이 지목한 것 제거하기'),
  framing: said('Do your own framing', '메시지의 경계를 스스로 정하기'),
  pool: said('Run your own pool', '커넥션을 스스로 관리하기'),
}
const SEEN = said('seen:', '관찰:')
const DO = said('do:  ', '할 일:')
const EVIDENCE_LINES_MAX = 12

/** One result as lines; the title of its level comes before the first result of that level. */
export function resultLines(
  result: CheckResult,
  first: boolean,
  language: Language,
  paint: Paint = painter(false),
): string[] {
  const { level, title, section, right, found, fix, evidence = '' } = result
  const heading = first ? ['', `${LEVELS.indexOf(level) + 1}  ${TITLES[level][language]}`] : []
  const sign = right ? paint('✓', 'good') : paint('✗', 'bad')
  const line = `   ${sign} ${title[language]}${right ? '' : `  ${paint(section, 'faint')}`}`
  if (right || !found || !fix) return [...heading, line]
  return [
    ...heading,
    line,
    `       ${paint(SEEN[language], 'bad')} ${found[language]}`,
    ...evidenceLines(evidence).map(each => `         ${paint(`| ${each}`, 'faint')}`),
    `       ${paint(DO[language], 'good')} ${fix[language]}`,
  ]
}

/** The last line: how many checks are right, and what to do next. */
export function summaryLines(results: readonly CheckResult[], language: Language): string[] {
  const right = results.filter(each => each.right).length
  const next = results.find(each => !each.right)
  const all = said(`${right} of ${results.length} are right.`, `${results.length}개 가운데 ${right}개가 맞다.`)[
    language
  ]
  if (!next)
    return [
      '',
      `${all} ${said('This proxy handles its hop correctly.', '이 프록시는 자기 홉을 제대로 다룬다.')[language]}`,
    ]
  const what = said(
    `Next: ${TITLES[next.level].en} – ${next.title.en}.`,
    `다음 단계: ${TITLES[next.level].ko} – ${next.title.ko}`,
  )
  return ['', `${all} ${what[language]}`]
}

function evidenceLines(evidence: string): string[] {
  const lines = evidence.replace(/(\r\n)+$/, '').split('\r\n')
  if (evidence === '') return []
  const shown = lines.slice(0, EVIDENCE_LINES_MAX).map(line => line.slice(0, 160))
  return lines.length > EVIDENCE_LINES_MAX ? [...shown, '…'] : shown
}
