import type { Steps } from '../policy/steps.js'
import { type GroupTotals, MEMBER_STATES, type MemberTotals } from './source.js'

/** One value of a server, with its labels besides the group and the server. */
type Sample = readonly [labels: string, value: number]

interface Family {
  readonly name: string
  readonly type: 'gauge' | 'counter'
  readonly help: string
  samples(member: MemberTotals): readonly Sample[]
}

const one = (value: number): readonly Sample[] => [['', value]]

const FAMILIES: readonly Family[] = [
  {
    name: 'hopwise_member_state',
    type: 'gauge',
    help: '1 for the current state of a server of a group, 0 for the other states.',
    samples: member => MEMBER_STATES.map(state => [`,state="${state}"`, member.state === state ? 1 : 0]),
  },
  {
    name: 'hopwise_member_connections',
    type: 'gauge',
    help: 'Connections to a server of a group, by state.',
    samples: ({ idle, busy, reserved, dialing }) => [
      [',state="busy"', busy],
      [',state="dialing"', dialing],
      [',state="idle"', idle],
      [',state="reserved"', reserved],
    ],
  },
  {
    name: 'hopwise_member_waiting_requests',
    type: 'gauge',
    help: 'Requests that are waiting for a connection to a server of a group.',
    samples: member => one(member.waiting),
  },
  {
    name: 'hopwise_member_requests_total',
    type: 'counter',
    help: 'Requests that a server of a group was given.',
    samples: member => one(member.requests),
  },
  {
    name: 'hopwise_member_failures_total',
    type: 'counter',
    help: 'Requests that a server of a group failed to answer completely; a 503 counts as an answer.',
    samples: member => one(member.failures),
  },
  {
    name: 'hopwise_member_failures_in_row',
    type: 'gauge',
    help: 'Requests to a server of a group that have failed since its last answer.',
    samples: member => one(member.failuresInRow),
  },
  {
    name: 'hopwise_member_last_failure_time_seconds',
    type: 'gauge',
    help: 'When a request to a server of a group last failed, in seconds since the Unix epoch; the label is the RFC 9209 error type.',
    samples: ({ lastFailure }) =>
      lastFailure === undefined ? [] : [[`,error="${lastFailure.error}"`, lastFailure.at / 1000]],
  },
  {
    name: 'hopwise_member_checked',
    type: 'gauge',
    help: '1 when a health check has reported on a server of a group, 0 when none has yet.',
    samples: member => one(member.checked ? 1 : 0),
  },
  {
    name: 'hopwise_member_ejections_total',
    type: 'counter',
    help: 'Times that a server of a group was taken out of service because its requests failed.',
    samples: member => one(member.ejections),
  },
  {
    name: 'hopwise_member_learned_idle_seconds',
    type: 'gauge',
    help: 'Idle limit of a server of a group, learned from when it closes idle connections.',
    samples: ({ learnedIdleMs }) => (learnedIdleMs === undefined ? [] : one(learnedIdleMs / 1000)),
  },
]

/**
 * The metrics of all servers of all groups, in Prometheus' text format. There may be thousands of servers, so they are written
 * here, in steps: the library keeps an object for each value, and writes everything at once.
 */
export function* memberMetrics(groups: readonly GroupTotals[]): Steps<string> {
  const families: string[] = []
  for (const { name, help, type, samples } of FAMILIES) {
    const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`]
    for (const { name: group, members } of groups) {
      for (const member of members) {
        const labels = `group="${escaped(group)}",member="${escaped(member.name)}"`
        for (const [more, value] of samples(member)) lines.push(`${name}{${labels}${more}} ${value}`)
        yield
      }
    }
    families.push(lines.join('\n'))
  }
  return `${families.join('\n\n')}\n`
}

function escaped(text: string): string {
  return /["\\\n]/.test(text) ? text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"') : text
}
