import type { Judged, LabEvent, RunBegan } from '../../lab/events.js'
import type { Experiment } from '../../lab/experiment.js'
import type { Language } from '../../lab/said.js'
import { result, revealed, teaching } from '../../lab/terminal/ending.js'
import { circumstances, question, watch } from '../../lab/terminal/opening.js'
import { type Look, Stage } from '../../lab/terminal/stage.js'
import { askPrediction } from './ask.js'
import type { LabConsole } from './console.js'
import { LabScreen } from './screen.js'

/** A run or a recording, and what is known about its experiment. */
export interface Showing {
  /** Not given: this hopwise does not know the experiment. */
  readonly experiment?: Experiment | undefined
  readonly language: Language
  /** Reports the events at their time. @returns all of them */
  run(onEvent: (event: LabEvent) => void): Promise<LabEvent[]>
  readonly signal: AbortSignal
  /** Given for a recording: its first event, and how many times as fast it is shown. */
  readonly recorded?: { readonly began: RunBegan; readonly speed: number }
}

export interface Manner {
  /** Ask the question if the input is a terminal. */
  readonly asks: boolean
  /** ms of a monotonic clock. */
  now(): number
}

/** Question, lifelines, verdict, lesson: all that a terminal shows of a run. @throws the signal's reason */
export async function showLab(
  showing: Showing,
  look: Look & { readonly live: boolean },
  { asks, now }: Manner,
  at: LabConsole,
): Promise<LabEvent[]> {
  const { experiment, recorded, signal } = showing
  const whole = look.view === 'lifelines'
  const print = (lines: readonly string[]) => at.out(lines.map(line => `${line}\n`).join(''))
  if (experiment && whole) print(question(experiment, look))
  const mayAsk = whole && asks && look.live && at.answers
  const predicted = experiment && mayAsk ? await askPrediction(experiment, look, signal) : 0
  if (experiment && whole) print([...(mayAsk ? [''] : []), ...watch(experiment, look)])

  // The clock of the run: it starts with the first event.
  let began = Number.NaN
  const screen = new LabScreen(
    new Stage(look),
    { write: text => at.out(text), live: look.live },
    () => (now() - began) * (recorded?.speed ?? 1),
  )
  const events = await showing.run(event => {
    if (event.kind === 'run') {
      began = now() - event.at / (recorded?.speed ?? 1)
      print(circumstances(event, recorded !== undefined, look))
    }
    screen.show(event)
  })
  screen.end()
  // A learner who stops the run has seen enough.
  if (signal.aborted) return events
  print(result(events, look))
  if (experiment && whole) {
    print(revealed(experiment, events.at(-1) as LabEvent & Judged, predicted, look))
    print(teaching(experiment, events[0] as LabEvent & RunBegan, look))
  }
  return events
}
