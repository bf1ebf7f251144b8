import { type Language, type Said, said } from '../said.js'
import { followed } from './particles.js'

/** The terminal's own texts, around those of the experiments. */
export const WORDS = {
  predict: said('Your prediction', '예측'),
  orSkip: said('Enter to skip', '그냥 Enter: 건너뛰기'),
  watch: said('Watch', '관찰할 것'),
  signs: said(
    'Signs at fields: - belongs only to this connection and dies at the next hop; ~ is replaced there; ! is refused there.',
    '헤더 앞의 기호: -는 이 커넥션에만 속하며 다음 홉에서 제거된다. ~는 다음 홉에서 바뀐다. !는 다음 홉이 거부한다.',
  ),
  figures: said('Measured', '측정값'),
  observed: said('OBSERVED', '관찰됨'),
  'not-observed': said('NOT OBSERVED', '관찰되지 않음'),
  'too-busy': said('TOO BUSY TO SEE IT', '너무 바빠 확인할 수 없음'),
  impossible: said('NOT POSSIBLE HERE', '여기서는 불가능함'),
  predictedRight: said('That is right.', '맞았다.'),
  otherQuestion: said(
    'This run does not answer the question as it was asked, so it cannot say whether that is right.',
    '이 실행은 질문 그대로의 실행이 아니어서 예측이 맞았는지 가릴 수 없다.',
  ),
  unsettled: said(
    'The run did not show the effect, so it cannot say whether that is right.',
    '이 실행에서는 효과가 나타나지 않아 예측이 맞았는지 가릴 수 없다.',
  ),
  lesson: said('What it teaches', '배울 점'),
  change: said('Change one thing', '하나만 바꿔 보기'),
  knobs: said('Settings', '바꿀 수 있는 것'),
  references: said('Further reading', '더 읽을거리'),
  wait: said('waits', '기다림'),
  name: said('name', '이름 찾기'),
  connect: said('connects', '커넥션 열기'),
  send: said('sends', '보내기'),
  server: said('server works', '서버 처리'),
  receive: said('receives', '받기'),
} as const satisfies Record<string, Said>

/** Sentences with values, in one language. */
export interface Phrases {
  opens(connection: string, tookMs: number | undefined): string
  closed(connection: string, by: string, how: 'fin' | 'reset' | 'vanished'): string
  /** Which party waits for which, in one sentence. */
  joined(waits: readonly (readonly [who: string, on: string])[]): string
  cycle: string
  silence(ms: number): string
  /** To a tenth. */
  seconds(ms: number): string
  ms(ms: number): string
  /** The text after a number. */
  unit(unit: 'ms' | 's' | 'bytes' | 'percent'): string
  pieces(count: number): string
  content(bytes: string): string
  predicted(n: number): string
  rightIs(n: number, answer: string): string
  recorded(at: string, machine: string): string
  limits(from: string, to: string): string
}

const ENGLISH: Phrases = {
  opens: (connection, tookMs) => `${connection} opens${tookMs === undefined ? '' : `, ${shortMs(tookMs)} ms`}`,
  closed: (connection, by, how) =>
    how === 'vanished'
      ? `${connection}: ${by} vanished`
      : `${connection} ${how === 'reset' ? 'reset' : 'closed'} by ${by}`,
  joined: waits => waits.map(([who, on]) => `${who} waits for ${on}`).join(', '),
  cycle: 'a cycle',
  silence: ms => `${ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(2)} s`} pass, nothing moves`,
  seconds: ms => `${(ms / 1000).toFixed(1)} s`,
  ms: ms => `${shortMs(ms)} ms`,
  unit: unit => ({ ms: ' ms', s: ' s', bytes: ' B', percent: ' %' })[unit],
  pieces: count => `${count} pieces`,
  content: bytes => `${bytes} of content`,
  predicted: n => `You predicted ${n}.`,
  rightIs: (n, answer) => `The answer is ${n}: ${answer}`,
  recorded: (at, machine) => `Recorded ${at} on ${machine}`,
  limits: (from, to) => `from ${from} to ${to}`,
}

const KOREAN: Phrases = {
  opens: (connection, tookMs) => `${connection} 열림${tookMs === undefined ? '' : `, ${shortMs(tookMs)}ms`}`,
  closed: (connection, by, how) =>
    how === 'vanished'
      ? `${connection}: ${followed(by, '이/가')} 사라짐`
      : `${connection}: ${followed(by, '이/가')} ${how === 'reset' ? '리셋함' : '닫음'}`,
  joined: waits =>
    waits.length === 0
      ? ''
      : `${waits.map(([who, on]) => `${followed(who, '은/는')} ${followed(on, '을/를')}`).join(', ')} 기다린다`,
  cycle: '순환',
  silence: ms => `${ms < 1000 ? `${ms.toFixed(0)}ms` : `${(ms / 1000).toFixed(2)}초`} 동안 아무 일도 일어나지 않는다`,
  seconds: ms => `${(ms / 1000).toFixed(1)}초`,
  ms: ms => `${shortMs(ms)}ms`,
  unit: unit => ({ ms: 'ms', s: '초', bytes: '바이트', percent: '%' })[unit],
  pieces: count => `${count}조각`,
  content: bytes => `본문 ${bytes}`,
  predicted: n => `${n}번을 골랐다.`,
  rightIs: (n, answer) => `정답은 ${n}번이다: ${answer}`,
  recorded: (at, machine) => `${at}에 ${machine}에서 기록됨`,
  limits: (from, to) => `${from}~${to}`,
}

export function phrases(language: Language): Phrases {
  return language === 'ko' ? KOREAN : ENGLISH
}

/** Milliseconds, as short as sensible: 0.14, 2.7, 43, 1021. */
export function shortMs(ms: number): string {
  return ms.toFixed(ms < 1 ? 2 : ms < 10 ? 1 : 0)
}
