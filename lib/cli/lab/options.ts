import type { OptionTable } from '../option-table.js'

const LAB = 'The laboratory:'

/** What may stand behind `hopwise lab` that is no experiment. */
export const LAB_VERBS = ['replay', 'serve', 'check'] as const

/** For completion: the experiments of lib/lab/catalogue.ts, which is too much to load for a command line. */
export const LAB_WORDS = [
  'connection',
  'keep-alive',
  'persistent',
  'two-sides',
  'hang',
  'proxy-connection',
  'two-proxies',
  'nominated',
  'page-load',
  'pipelining',
  'tcp-keepalive',
  'websocket',
  'pool',
  'handshake',
  'nagle',
  'close',
  'death',
  'resources',
  ...LAB_VERBS,
] as const

export const LAB_OPTIONS: OptionTable = {
  yes: { kind: 'flag', about: 'Ask nothing first', group: LAB },
  transcript: {
    kind: 'flag',
    about: "Print what the client sees, as telnet would, and not everybody's view",
    group: LAB,
  },
  json: { kind: 'flag', about: 'Print the events, one line of JSON for each, as they happen', group: LAB },
  save: { kind: 'text', about: 'A file for the recording, to be shown again by replay', group: LAB, file: true },
  lang: {
    kind: 'choice',
    choices: ['en', 'ko'],
    about: 'the language (default by LC_ALL, LC_MESSAGES, LANG)',
    group: LAB,
  },
  scale: {
    kind: 'text',
    about: 'Every wait takes so many times as long: 0.1 is a tenth (default 1; with --all 0.1)',
    group: LAB,
  },
  set: { kind: 'list', about: 'Change one thing: timeout=10; repeat for more', group: LAB },
  all: { kind: 'flag', about: 'Run every experiment, a line for each', group: LAB },
  start: {
    kind: 'text',
    about: 'With check: the command that starts your proxy; it finds PORT and ORIGIN set',
    group: LAB,
  },
  origin: {
    kind: 'text',
    about: 'With check: the port of the origin that your proxy goes to (default 8091)',
    group: LAB,
  },
  as: {
    kind: 'choice',
    choices: ['reverse', 'forward'],
    about: 'with check: how your proxy is asked (default reverse)',
    group: LAB,
  },
  'known-as': {
    kind: 'list',
    about: 'With serve: a name that this machine is asked by, beside addresses and localhost; repeat for more',
    group: LAB,
  },
  speed: { kind: 'text', about: 'With replay: so many times as fast as recorded (default 1)', group: LAB },
}
