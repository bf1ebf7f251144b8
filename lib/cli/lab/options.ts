import type { OptionTable } from '../option-table.js'

const LAB = 'The laboratory:'

/** Words after `hopwise lab` that are not experiments. */
export const LAB_VERBS = ['replay', 'serve', 'check'] as const

/** For completion: the experiments of lib/lab/catalogue.ts, which would be too expensive to load for a command line. */
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
  yes: { kind: 'flag', about: 'Do not ask the question first', group: LAB },
  transcript: {
    kind: 'flag',
    about: 'Print only what the client sees, as telnet would, instead of all parties',
    group: LAB,
  },
  json: { kind: 'flag', about: 'Print the events as they happen, one line of JSON each', group: LAB },
  save: { kind: 'text', about: 'A file to save the recording to; replay shows it again', group: LAB, file: true },
  lang: {
    kind: 'choice',
    choices: ['en', 'ko'],
    about: 'language (default from LC_ALL, LC_MESSAGES, LANG)',
    group: LAB,
  },
  scale: {
    kind: 'text',
    about: 'Multiply every wait by this factor: 0.1 is a tenth (default 1; with --all 0.1)',
    group: LAB,
  },
  set: { kind: 'list', about: 'Change a setting, as in timeout=10; repeat for more', group: LAB },
  all: { kind: 'flag', about: 'Run every experiment and print one line for each', group: LAB },
  start: {
    kind: 'text',
    about: 'With check: the command that starts your proxy, with PORT and ORIGIN in its environment',
    group: LAB,
  },
  origin: {
    kind: 'text',
    about: 'With check: the port of the origin behind your proxy (default 8091)',
    group: LAB,
  },
  as: {
    kind: 'choice',
    choices: ['reverse', 'forward'],
    about: 'with check: the kind of your proxy (default reverse)',
    group: LAB,
  },
  'known-as': {
    kind: 'list',
    about: 'With serve: accept requests for this host name, besides IP addresses and localhost; repeat for more',
    group: LAB,
  },
  speed: { kind: 'text', about: 'With replay: this many times as fast as recorded (default 1)', group: LAB },
}
