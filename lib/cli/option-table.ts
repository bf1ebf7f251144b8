import { LOG_FORMATS, LOG_LEVELS } from '../config/choices.js'
import { NUMBER_SPECS, type NumberSpec } from '../config/numbers.js'
import { optionName } from '../link/deadlines.js'
import { READ_MODES } from '../net/socket/read-mode.js'

/** One option of the command line, and of the environment: `listen` is `--listen` and `HOPWISE_LISTEN`. */
export interface OptionSpec {
  /** text: one value. list: repeatable, or separated by commas. flag: true or false. choice: one of `choices`. */
  kind: 'text' | 'list' | 'flag' | 'choice'
  /** One line for the help. */
  about: string
  group: string
  choices?: readonly string[]
  /** Values may contain commas (passwords), so a list is not split at them. */
  whole?: boolean
  /** For completion: the value is a file name. */
  file?: true
  /** For completion: the value may be one of these words. */
  words?: readonly string[]
}

export type OptionTable = Readonly<Record<string, OptionSpec>>

const LISTENING = 'Listening and logging:'
const HOP = 'Fields and forwarding:'
const REVERSE = 'Upstreams:'
const FORWARD = 'Forward proxy: destinations and users:'
const DEADLINE = 'Deadlines (in milliseconds; 0: no limit):'
const LIMIT = 'Limits:'
const GRAMMAR = 'Limits of one message:'

export const LOG_OPTIONS: OptionTable = {
  'log-level': {
    kind: 'choice',
    choices: LOG_LEVELS,
    about: 'minimum level to log (default info); "listening" is logged at every level',
    group: LISTENING,
  },
  'log-format': {
    kind: 'choice',
    choices: LOG_FORMATS,
    about: 'JSON lines or human-readable text (default auto: text on a terminal, else JSON)',
    group: LISTENING,
  },
}

export const ACCESS_OPTIONS: OptionTable = {
  'access-log': {
    kind: 'text',
    about:
      'Where to write one JSON line per exchange: a file (SIGUSR2 reopens it), stdout or off (default stdout; off when --log-level is above info)',
    group: LISTENING,
    file: true,
    words: ['stdout', 'off'],
  },
}

/** Options that change how the head of a message is forwarded: the proxies and `explain` share them. */
export const HOP_OPTIONS: OptionTable = {
  name: {
    kind: 'text',
    about: "This deployment's unique name in Via and Proxy-Status (default: derived from the host name)",
    group: HOP,
  },
  via: {
    kind: 'choice',
    choices: ['off', 'request', 'both'],
    about: 'which messages get a Via field (default: request in reverse mode, both in forward mode)',
    group: HOP,
  },
  'x-forwarded': {
    kind: 'flag',
    about: 'Add X-Forwarded-For, -Host and -Proto (default: in reverse mode only); --no-x-forwarded turns it off',
    group: HOP,
  },
  'x-forwarded-port': { kind: 'flag', about: 'Add X-Forwarded-Port: the port that the client asked for', group: HOP },
  'x-real-ip': { kind: 'flag', about: "Add X-Real-IP: the client's address", group: HOP },
  forwarded: { kind: 'flag', about: 'Add Forwarded (RFC 7239)', group: HOP },
  'keep-field': {
    kind: 'list',
    about: 'A field to accept from untrusted peers too, such as True-Client-IP or X-Original-URL; repeat for more',
    group: HOP,
  },
  upgrade: {
    kind: 'list',
    about: 'A protocol that a connection may be upgraded to; repeat for more (default websocket)',
    group: HOP,
  },
  'nominated-end-to-end': {
    kind: 'choice',
    choices: ['remove', 'reject'],
    about: 'what to do when Connection names an end-to-end field such as Cookie (default remove)',
    group: HOP,
  },
  'strict-upstream': {
    kind: 'flag',
    about: 'Answer 502 to a response with bare LF or folded lines instead of repairing it',
    group: HOP,
  },
}

export const PROXY_OPTIONS: OptionTable = {
  ...HOP_OPTIONS,
  interim: {
    kind: 'choice',
    choices: ['all', 'none'],
    about: 'which 1xx responses to forward (default all)',
    group: HOP,
  },
  'half-closed': {
    kind: 'choice',
    choices: ['abort', 'answer'],
    about: 'what to do when a client closes its sending side before its response is complete (default abort)',
    group: HOP,
  },
  'announce-keep-alive': {
    kind: 'choice',
    choices: ['http10', 'always'],
    about: 'which clients are sent Keep-Alive: timeout, max (default http10: HTTP/1.0 clients that ask for keep-alive)',
    group: HOP,
  },
  trace: { kind: 'flag', about: 'Forward TRACE in reverse mode (default: answer it with 405)', group: HOP },
  'upstream-ca': {
    kind: 'text',
    about: 'A file with PEM CA certificates for https upstreams, in place of the built-in ones',
    group: REVERSE,
    file: true,
  },
  'upstream-insecure': {
    kind: 'flag',
    about: 'Do not verify the certificates of https upstreams. For tests only',
    group: REVERSE,
  },
  'read-mode': {
    kind: 'choice',
    choices: READ_MODES,
    about: 'how to read sockets; data uses documented Node interfaces only, and needs more CPU (default onread)',
    group: LISTENING,
  },
  'tcp-keep-alive-ms': {
    kind: 'text',
    about: 'Milliseconds of silence before the first TCP keep-alive probe, on both sides (0: no probes; default 30000)',
    group: LISTENING,
  },
}

export const listenOption = (standard: string): OptionTable => ({
  listen: {
    kind: 'text',
    about: `host:port to listen on; [::1]:8080, :8080 for every address, port 0 for any free port (default ${standard})`,
    group: LISTENING,
  },
})

export const REVERSE_OPTIONS: OptionTable = {
  host: {
    kind: 'choice',
    choices: ['preserve', 'upstream'],
    about: "which Host to send, the client's (default) or the upstream's own",
    group: REVERSE,
  },
  trust: {
    kind: 'list',
    about:
      'A network of trusted peers: their X-Forwarded-* and Forwarded are appended to, not replaced; repeat for more',
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
    about: 'A port that CONNECT may reach; repeat for more (default 80 and 443; giving one replaces both)',
    group: FORWARD,
  },
  'allow-port': {
    kind: 'list',
    about:
      'A port to open that is closed by default, such as 25 or 6379 (for CONNECT: --connect-port); repeat for more',
    group: FORWARD,
  },
  nameserver: {
    kind: 'list',
    about:
      'A name server to query, such as 127.0.0.1:53; repeat for more (default: resolve names as this machine does)',
    group: FORWARD,
  },
  auth: {
    kind: 'list',
    whole: true,
    about:
      'user:password that clients must send; repeat for more. Other users can read command lines: prefer --auth-file',
    group: FORWARD,
  },
  'auth-file': {
    kind: 'text',
    about: 'A users file made by hopwise password, or one with user:password on each line; # starts a comment',
    group: FORWARD,
    file: true,
  },
  'forward-http10-keep-alive': {
    kind: 'flag',
    about: 'Keep HTTP/1.0 connections alive in forward mode, against RFC 9112 9.3, to show what goes wrong',
    group: FORWARD,
  },
}

export { LOG_FORMATS, LOG_LEVELS } from '../config/choices.js'

/** Every deadline and limit, by option name. */
export const NUMBERS: Readonly<Record<string, NumberSpec>> = Object.fromEntries(
  NUMBER_SPECS.map(spec => [optionName(spec.key), spec]),
)

/** `… (0: no limit)` and the default share one pair of brackets. */
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
