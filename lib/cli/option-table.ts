import { LOG_FORMATS, LOG_LEVELS } from '../config/choices.js'
import { NUMBER_SPECS, type NumberSpec } from '../config/numbers.js'
import { optionName } from '../link/deadlines.js'
import { READ_MODES } from '../net/socket/read-mode.js'

/** One option of the command line, and of the environment: `listen` is `--listen` and `HOPWISE_LISTEN`. */
export interface OptionSpec {
  /** text: one value. list: may be repeated, or be written with commas. flag: true or false. choice: one of `choices`. */
  kind: 'text' | 'list' | 'flag' | 'choice'
  /** One line for the help. */
  about: string
  group: string
  choices?: readonly string[]
  /** Values may contain commas (passwords). */
  whole?: boolean
  /** For completion: the value is the name of a file, */
  file?: true
  /** or one of these words. */
  words?: readonly string[]
}

export type OptionTable = Readonly<Record<string, OptionSpec>>

const LISTENING = 'Listening and logs:'
const HOP = 'What changes on the way:'
const REVERSE = 'Toward the upstream:'
const FORWARD = 'Who may go where:'
const DEADLINE = 'Deadlines (milliseconds; 0 is no limit):'
const LIMIT = 'Limits:'
const GRAMMAR = 'Limits of one message:'

export const LOG_OPTIONS: OptionTable = {
  'log-level': {
    kind: 'choice',
    choices: LOG_LEVELS,
    about: 'the least that is logged (default info); "listening" is said at every level',
    group: LISTENING,
  },
  'log-format': {
    kind: 'choice',
    choices: LOG_FORMATS,
    about: 'JSON lines or text for people (default auto: text on a terminal)',
    group: LISTENING,
  },
}

export const ACCESS_OPTIONS: OptionTable = {
  'access-log': {
    kind: 'text',
    about:
      'One JSON line for each exchange: a file (SIGUSR2 opens it anew), stdout or off (default stdout, off above log level info)',
    group: LISTENING,
    file: true,
    words: ['stdout', 'off'],
  },
}

/** What the head of a message looks like on the other side: proxies and `explain` share these. */
export const HOP_OPTIONS: OptionTable = {
  name: {
    kind: 'text',
    about: "This deployment's name in Via and Proxy-Status, unlike any other's (default made from the host's name)",
    group: HOP,
  },
  via: {
    kind: 'choice',
    choices: ['off', 'request', 'both'],
    about: 'where Via is added (default: reverse request, forward both)',
    group: HOP,
  },
  'x-forwarded': {
    kind: 'flag',
    about: 'Add X-Forwarded-For, -Host and -Proto (default: reverse yes, forward no); --no-x-forwarded: do not',
    group: HOP,
  },
  'x-forwarded-port': { kind: 'flag', about: 'Add X-Forwarded-Port: the port that the client asked', group: HOP },
  'x-real-ip': { kind: 'flag', about: 'Add X-Real-IP: the address of the client', group: HOP },
  forwarded: { kind: 'flag', about: 'Add Forwarded (RFC 7239)', group: HOP },
  'keep-field': {
    kind: 'list',
    about: 'A field to accept from untrusted peers as well, as True-Client-IP or X-Original-URL; repeat for more',
    group: HOP,
  },
  upgrade: {
    kind: 'list',
    about: 'A protocol that connections may be upgraded to; repeat for more (default websocket)',
    group: HOP,
  },
  'nominated-end-to-end': {
    kind: 'choice',
    choices: ['remove', 'reject'],
    about: 'what to do when Connection names an end-to-end field such as Cookie (default remove it)',
    group: HOP,
  },
  'strict-upstream': {
    kind: 'flag',
    about: 'Refuse responses with bare LF or folded lines (502), not repair them',
    group: HOP,
  },
}

export const PROXY_OPTIONS: OptionTable = {
  ...HOP_OPTIONS,
  interim: {
    kind: 'choice',
    choices: ['all', 'none'],
    about: 'which 1xx responses are passed on (default all)',
    group: HOP,
  },
  'half-closed': {
    kind: 'choice',
    choices: ['abort', 'answer'],
    about: 'what to do when a client ends its side before its response is whole (default abort)',
    group: HOP,
  },
  'announce-keep-alive': {
    kind: 'choice',
    choices: ['http10', 'always'],
    about: 'who is told Keep-Alive: timeout, max (default HTTP/1.0 clients that ask)',
    group: HOP,
  },
  trace: { kind: 'flag', about: 'Let TRACE pass in reverse mode (default: 405)', group: HOP },
  'upstream-ca': {
    kind: 'text',
    about: 'A file with PEM certificates that sign https upstreams, in place of the built-in ones',
    group: REVERSE,
    file: true,
  },
  'upstream-insecure': {
    kind: 'flag',
    about: "Do not verify https upstreams' certificates. Only for trying something out",
    group: REVERSE,
  },
  'read-mode': {
    kind: 'choice',
    choices: READ_MODES,
    about: 'how sockets are read; data: only in ways that Node documents, for more CPU (default onread)',
    group: LISTENING,
  },
  'tcp-keep-alive-ms': {
    kind: 'text',
    about: 'First TCP keep-alive probe after so many milliseconds of silence, on both sides (default 30000)',
    group: LISTENING,
  },
}

export const listenOption = (standard: string): OptionTable => ({
  listen: {
    kind: 'text',
    about: `host:port to listen on; [::1]:8080, :8080 for every address, port 0 for any free one (default ${standard})`,
    group: LISTENING,
  },
})

export const REVERSE_OPTIONS: OptionTable = {
  host: {
    kind: 'choice',
    choices: ['preserve', 'upstream'],
    about: "the client's Host goes to the upstream (default), or the upstream's own",
    group: REVERSE,
  },
  trust: {
    kind: 'list',
    about: 'Network of peers whose X-Forwarded-* and Forwarded are appended to, not replaced; repeat for more',
    group: REVERSE,
  },
}

export const FORWARD_OPTIONS: OptionTable = {
  allow: {
    kind: 'list',
    about: "A private destination to allow: 127.0.0.0/8, 10.1.2.3, '*.internal', a host name; repeat for more",
    group: FORWARD,
  },
  'connect-port': {
    kind: 'list',
    about: 'A port that CONNECT may go to; repeat for more (default 80 and 443, which are left out once this is given)',
    group: FORWARD,
  },
  'allow-port': {
    kind: 'list',
    about: 'A port to open that is closed by default (25, 6379); CONNECT has --connect-port; repeat for more',
    group: FORWARD,
  },
  nameserver: {
    kind: 'list',
    about: 'A name server to ask, 127.0.0.1:53; repeat for more (default: as this machine resolves names)',
    group: FORWARD,
  },
  auth: {
    kind: 'list',
    whole: true,
    about: 'user:password that clients must give; repeat for more. Others can read command lines: rather use the next',
    group: FORWARD,
  },
  'auth-file': {
    kind: 'text',
    about: 'A file of users, as hopwise password makes it, or with user:password on each line; # begins a comment',
    group: FORWARD,
    file: true,
  },
  'forward-http10-keep-alive': {
    kind: 'flag',
    about: 'Keep HTTP/1.0 connections alive in forward mode, against RFC 9112 9.3, to show what happens',
    group: FORWARD,
  },
}

export { LOG_FORMATS, LOG_LEVELS } from '../config/choices.js'

/** Every deadline and limit, by the name of its option. */
export const NUMBERS: Readonly<Record<string, NumberSpec>> = Object.fromEntries(
  NUMBER_SPECS.map(spec => [optionName(spec.key), spec]),
)

/** `… (0: no limit)` and its default share one pair of brackets. */
function withDefault(about: string, standard: number): string {
  return about.endsWith(')') ? `${about.slice(0, -1)}; default ${standard})` : `${about} (default ${standard})`
}

const GROUPS = { deadlines: DEADLINE, limits: LIMIT, grammar: GRAMMAR }

export const NUMBER_OPTIONS: OptionTable = Object.fromEntries(
  Object.entries(NUMBERS).map(([name, { table, standard, about }]) => [
    name,
    { kind: 'text', about: withDefault(about, standard), group: GROUPS[table] },
  ]),
)
