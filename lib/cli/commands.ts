import { LAB_OPTIONS, LAB_WORDS } from './lab/options.js'
import {
  ACCESS_OPTIONS,
  FORWARD_OPTIONS,
  HOP_OPTIONS,
  LOG_OPTIONS,
  listenOption,
  NUMBER_OPTIONS,
  type OptionTable,
  PROXY_OPTIONS,
  REVERSE_OPTIONS,
} from './option-table.js'

export interface Operand {
  name: string
  about: string
  /** For completion alone: the command itself says what it does not know. */
  choices?: readonly string[]
  /** For completion: it is the name of a file; a word: when that is the operand before it. */
  file?: true | string
}

export interface CommandSpec {
  about: string
  /** What may stand behind the command's name, in this order. */
  operands?: readonly Operand[]
  /** Command lines to copy, each with what it does. The first stands in the general help. */
  examples: readonly (readonly [line: string, about: string])[]
  options: OptionTable
}

export const STANDARD_LISTEN = {
  reverse: '127.0.0.1:8080',
  forward: '127.0.0.1:3128',
  dumb: '127.0.0.1:8082',
  demo: '127.0.0.1:8080',
  lab: '127.0.0.1:8090',
} as const

const MODE: OptionTable = {
  mode: {
    kind: 'choice',
    choices: ['reverse', 'forward'],
    about: 'as which proxy (default reverse)',
    group: 'The message:',
  },
  response: { kind: 'flag', about: 'The head is that of a response', group: 'The message:' },
  method: { kind: 'text', about: 'With --response: the method that it answers (default GET)', group: 'The message:' },
  'client-version': {
    kind: 'choice',
    choices: ['1.0', '1.1'],
    about: "with --response, the client's HTTP version (default 1.1)",
    group: 'The message:',
  },
  'client-address': {
    kind: 'text',
    about: 'Where the request comes from (default 192.0.2.1, an address of nobody)',
    group: 'The message:',
  },
  trusted: { kind: 'flag', about: 'As from a peer inside --trust', group: 'The message:' },
  json: { kind: 'flag', about: 'Print one JSON document', group: 'The message:' },
}

const CONFIGURATION = 'The configuration:'
/** Of the commands that are about one file: it stands behind the command, or behind --config. */
const CONFIGURATION_OPERAND: Operand = {
  name: 'config',
  about: 'The file, YAML or JSON (or --config, or HOPWISE_CONFIG)',
  file: true,
}

const configOption = (about: string, group = CONFIGURATION): OptionTable => ({
  config: { kind: 'text', about, group, file: true },
})

export const COMMANDS = {
  serve: {
    about: 'Run what a configuration file describes: many services, reloaded without a lost request',
    operands: [CONFIGURATION_OPERAND],
    examples: [['hopwise serve --config hopwise.yaml', 'docs/configuration.md has every key, config/ has examples']],
    options: configOption('The file, YAML or JSON (or HOPWISE_CONFIG)'),
  },
  check: {
    about: 'Check a configuration file, and say all that is wrong with it',
    operands: [CONFIGURATION_OPERAND],
    examples: [
      ['hopwise check hopwise.yaml', 'exit code 0 when it can be used, 2 when not'],
      ['hopwise check hopwise.yaml --print', 'with all defaults, and the line that each value comes from'],
    ],
    options: {
      ...configOption('The file, YAML or JSON (or HOPWISE_CONFIG)'),
      print: {
        kind: 'flag',
        about: 'Print the result with all defaults, and where each value comes from',
        group: CONFIGURATION,
      },
      json: {
        kind: 'flag',
        about: 'Print one JSON document; with --print, the configuration in it',
        group: CONFIGURATION,
      },
    },
  },
  reload: {
    about: 'Make a running hopwise serve read its file again, if nothing is wrong with it, and say what came of it',
    operands: [CONFIGURATION_OPERAND],
    examples: [
      [
        'hopwise reload --config hopwise.yaml',
        'exit code 0 when it runs, 1 when it was refused, 2 when the file is wrong: then nobody is told anything',
      ],
      ['hopwise reload --pid 4711', 'the process looks at its file itself'],
    ],
    options: {
      ...configOption('The file, to be checked first; its pidFile says which process (or HOPWISE_CONFIG)'),
      pid: { kind: 'text', about: 'The process (default MAINPID, then pidFile)', group: CONFIGURATION },
      wait: {
        kind: 'flag',
        about: 'Wait for what comes of it (default yes); --no-wait: only tell the process',
        group: CONFIGURATION,
      },
      'timeout-ms': { kind: 'text', about: 'How long to wait (default 60000)', group: CONFIGURATION },
    },
  },
  password: {
    about: 'Make a line for a users file: asks for the password twice, or reads it from standard input',
    operands: [{ name: 'user', about: 'The name of the user' }],
    examples: [
      ['hopwise password alice --file users.txt', 'adds alice, or gives alice another password'],
      ['head -1 secret.txt | hopwise password alice', 'prints the line alice:$scrypt$…'],
    ],
    options: {
      file: {
        kind: 'text',
        about: 'The users file to put the line into, which is made if need be',
        group: CONFIGURATION,
        file: true,
      },
    },
  },
  reverse: {
    about: 'Stand before one upstream, as a gateway',
    operands: [
      {
        name: 'upstream',
        about:
          'http://host:port or https://host:port (or HOPWISE_UPSTREAM); /base behind it goes in front of each path',
      },
    ],
    examples: [
      ['hopwise reverse http://127.0.0.1:3000 --listen 127.0.0.1:8080', 'everything on port 8080 goes to port 3000'],
      [
        'hopwise reverse https://app.internal --listen :8080 --trust 10.0.0.0/8',
        'behind a load balancer in 10.0.0.0/8',
      ],
    ],
    options: {
      ...listenOption(STANDARD_LISTEN.reverse),
      ...ACCESS_OPTIONS,
      ...LOG_OPTIONS,
      ...PROXY_OPTIONS,
      ...REVERSE_OPTIONS,
      ...NUMBER_OPTIONS,
    },
  },
  forward: {
    about: 'Take clients to where they ask: absolute-form and CONNECT',
    examples: [
      ['hopwise forward --listen 127.0.0.1:3128', 'then: curl -x http://127.0.0.1:3128 http://example.com/'],
      [
        "hopwise forward --allow '*.internal' --connect-port 80,443,8443",
        'private names, and one more port for CONNECT',
      ],
    ],
    options: {
      ...listenOption(STANDARD_LISTEN.forward),
      ...ACCESS_OPTIONS,
      ...LOG_OPTIONS,
      ...PROXY_OPTIONS,
      ...FORWARD_OPTIONS,
      ...NUMBER_OPTIONS,
    },
  },
  dumb: {
    about: 'A proxy that is wrong on purpose, to show what goes wrong. Never for real traffic',
    operands: [{ name: 'upstream', about: 'http://host:port: a reverse proxy for it; without one, a forward proxy' }],
    examples: [
      ['hopwise dumb --listen 127.0.0.1:8082 http://127.0.0.1:3000', 'the hang of the blind relay, to look at'],
    ],
    options: { ...listenOption(STANDARD_LISTEN.dumb), ...LOG_OPTIONS },
  },
  explain: {
    about: 'Show what becomes of a head, field by field, and why. Without a network',
    operands: [{ name: 'file', about: 'The raw head; standard input when there is none, or for -', file: true }],
    examples: [
      [
        "printf 'GET / HTTP/1.1\\nHost: a\\nConnection: x-hop\\nX-Hop: 1\\n' | hopwise explain",
        'a request that was typed',
      ],
      ['hopwise explain --response head.txt --json', 'a response, for a program'],
    ],
    options: {
      ...MODE,
      upstream: {
        kind: 'text',
        about: 'As in front of this upstream (default http://127.0.0.1:3000)',
        group: 'The message:',
      },
      host: {
        kind: 'choice',
        choices: ['preserve', 'upstream'],
        about: "the client's Host (default), or the upstream's",
        group: 'The message:',
      },
      ...HOP_OPTIONS,
    },
  },
  health: {
    about: 'Ask once, and say by the exit code whether the answer is good: 0 for 2xx and 3xx, else 1',
    operands: [
      {
        name: 'url',
        about: 'http://host:port/path or https://… (or HOPWISE_URL, or else the address in HOPWISE_LISTEN)',
      },
    ],
    examples: [
      ['hopwise health http://127.0.0.1:8080/', 'for the health check of a container'],
      ['hopwise health --config hopwise.yaml', 'is it ready? asks the admin listener of that file'],
    ],
    options: {
      ...configOption('Ask the admin listener of this file whether hopwise is ready (or HOPWISE_CONFIG)', 'Asking:'),
      live: { kind: 'flag', about: 'With --config: whether it lives, ready or not', group: 'Asking:' },
      'timeout-ms': { kind: 'text', about: 'For the whole answer (default 3000)', group: 'Asking:' },
      self: {
        kind: 'flag',
        about: 'Ask the proxy itself, not what stands behind it: OPTIONS * with Max-Forwards: 0',
        group: 'Asking:',
      },
    },
  },
  lab: {
    about: 'The laboratory: lessons about connections, on real sockets of this machine',
    operands: [
      {
        name: 'experiment',
        about: 'Which one; or replay FILE, check URL (your own proxy), serve (the page); nothing: a list of them',
        choices: LAB_WORDS,
      },
      {
        name: 'file',
        about: 'With replay: the recording. With check: http://host:port, where your proxy listens',
        file: 'replay',
      },
    ],
    examples: [
      ['hopwise lab hang', 'the dumb proxy, in five steps; exit code 0: seen, 1: not seen, 3: not possible here'],
      ['hopwise lab hang --set timeout=10 --save hang.jsonl', 'with one thing changed, and recorded'],
      ['hopwise lab replay hang.jsonl --speed 0.01', 'the recording, a hundred times as slow'],
      ['hopwise lab --all --lang ko', 'every experiment, a line for each, in Korean'],
      [
        "hopwise lab check --start 'python3 proxy.py'",
        'your own proxy, in any language: what is right, and what to do next',
      ],
      ['hopwise lab serve', 'the page, on the next free port when 8090 is not free'],
      ['hopwise lab serve --listen :8090 --known-as teacher-pc', 'the page for a class room'],
    ],
    options: { ...LAB_OPTIONS, ...listenOption(STANDARD_LISTEN.lab) },
  },
  demo: {
    about: 'A reverse proxy before a little origin of its own, and some lines to try. What npm start runs',
    examples: [['hopwise demo', 'the next free port is taken when 8080 is not free']],
    options: {
      ...listenOption(STANDARD_LISTEN.demo),
      ...ACCESS_OPTIONS,
      ...LOG_OPTIONS,
      ...PROXY_OPTIONS,
      ...NUMBER_OPTIONS,
    },
  },
} as const satisfies Record<string, CommandSpec>

/** All options of the proxies together, for the general help. */
export const PROXIES_OPTIONS: OptionTable = {
  ...listenOption('127.0.0.1:8080; forward: port 3128; dumb: port 8082'),
  ...ACCESS_OPTIONS,
  ...LOG_OPTIONS,
  ...PROXY_OPTIONS,
  ...REVERSE_OPTIONS,
  ...FORWARD_OPTIONS,
  ...NUMBER_OPTIONS,
}

export type CommandName = keyof typeof COMMANDS
