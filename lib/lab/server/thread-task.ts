import type { KnobValues } from '../experiment.js'
import { type Said, said } from '../said.js'
import type { Workbench } from '../workbench.js'

/** The task of a thread: checked plain data. */
export type ThreadTask = { readonly scale: number } & (
  | {
      /** The module whose `experimentCalled` knows the experiment. */
      readonly catalogue: string
      readonly experiment: string
      readonly knobs: KnobValues
    }
  | { readonly workbench: Workbench }
)

/** Why a run is cancelled from outside, as its verdict says it. */
export const WHY = {
  stop: said('it was stopped.', '멈추라는 요청을 받았다.'),
  alone: said('no page was watching it any more.', '더 이상 보고 있는 사람이 없다.'),
  'time-over': said('it took too long for this server.', '이 서버에서 허용하는 시간을 넘겼다.'),
  'too-large': said('its recording grew too large.', '기록이 너무 커졌다.'),
} as const satisfies Record<string, Said>

export type ThreadOrder = keyof typeof WHY

/** A message of the thread: one event as JSON. */
export interface ThreadTold {
  readonly line: string
  /** The event is the verdict: nothing follows. */
  readonly last: boolean
}
