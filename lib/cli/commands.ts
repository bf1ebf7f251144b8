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
  /** For completion only: the command itself rejects a word that it does not know. */
  choices?: readonly string[]
  /** For completion: true when it is a file name; a word when it is one only after that operand. */
  file?: true | string
}

export interface CommandSpec {
  about: string
  /** The operands that may follow the command's name, in this order. */
  operands?: readonly Operand[]
  /** Command lines to copy, each with what it does. The general help shows the first. */
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
    about: 'the kind of proxy (default reverse)',
    group: 'Message:',
  },
  response: { kind: 'flag', about: 'The head is a response head', group: 'Message:' },
  method: { kind: 'text', about: 'With --response: the method of the request (default GET)', group: 'Message:' },
  'client-version': {
    kind: 'choice',
    choices: ['1.0', '1.1'],
    about: "the client's HTTP version, with --response (default 1.1)",
    group: 'Message:',
  },
  'client-address': {
    kind: 'text',
    about: "The client's address (default 192.0.2.1, an address reserved for documentation)",
    group: 'Message:',
  },
  trusted: { kind: 'flag', about: 'Treat the client as a trusted peer, as with --trust', group: 'Message:' },
  json: { kind: 'flag', about: 'Print one JSON document', group: 'Message:' },
}

const CONFIGURATION = 'Configuration:'
/** The operand of the commands that take one file: given directly after the command, or with --config. */
const CONFIGURATION_OPERAND: Operand = {
  name: 'config',
  about: 'The configuration file, YAML or JSON (or --config, or HOPWISE_CONFIG)',
  file: true,
}

const configOption = (about: string, group = CONFIGURATION): OptionTable => ({
  config: { kind: 'text', about, group, file: true },
})

export const COMMANDS = {
  serve: {
    about: 'Serve what a configuration file describes; a reload loses no request',
    operands: [CONFIGURATION_OPERAND],
    examples: [['hopwise serve --config hopwise.yaml', 'docs/configuration.md lists every key, config/ has examples']],
    options: configOption('The configuration file, YAML or JSON (or HOPWISE_CONFIG)'),
  },
  check: {
    about: 'Check a configuration file and report everything that is wrong with it',
    operands: [CONFIGURATION_OPERAND],
    examples: [
      ['hopwise check hopwise.yaml', 'exit code 0 when the file can be used, 2 when it cannot'],
      ['hopwise check hopwise.yaml --print', 'prints every value with the line it comes from, or # default'],
    ],
    options: {
      ...configOption('The configuration file, YAML or JSON (or HOPWISE_CONFIG)'),
      print: {
        kind: 'flag',
        about: 'Print the complete configuration, defaults included, and where each value comes from',
        group: CONFIGURATION,
      },
      json: {
        kind: 'flag',
        about: 'Print one JSON document; with --print it includes the configuration',
        group: CONFIGURATION,
      },
    },
  },
  reload: {
    about: 'Check a configuration file, make the running hopwise serve reload it, and report the outcome',
    operands: [CONFIGURATION_OPERAND],
    examples: [
      [
        'hopwise reload --config hopwise.yaml',
        'exit code 0: the new configuration runs; 1: it does not; 2: the file is wrong, and no signal was sent',
      ],
      ['hopwise reload --pid 4711', 'without a check first: the process checks the file itself'],
    ],
    options: {
      ...configOption('The file to check first; its pidFile names the process to signal (or HOPWISE_CONFIG)'),
      pid: { kind: 'text', about: 'The process to signal (default: MAINPID, else the pidFile)', group: CONFIGURATION },
      wait: {
        kind: 'flag',
        about: 'Wait for the outcome (default yes); --no-wait: only send the signal',
        group: CONFIGURATION,
      },
      'timeout-ms': { kind: 'text', about: 'How long to wait, in milliseconds (default 60000)', group: CONFIGURATION },
    },
  },
  password: {
    about: 'Make a line for a users file; prompts for the password twice, or reads it from standard input',
    operands: [{ name: 'user', about: 'The user name' }],
    examples: [
      ['hopwise password alice --file users.txt', 'adds alice, or changes the password of alice'],
      ['head -1 secret.txt | hopwise password alice', 'prints the line alice:$scrypt$…'],
    ],
    options: {
      file: {
        kind: 'text',
        about: 'The users file to add or change the line in; created if it does not exist',
        group: 'Users file:',
        file: true,
      },
    },
  },
  reverse: {
    about: 'Run a reverse proxy for one upstream',
    operands: [
      {
        name: 'upstream',
        about:
          'http://host:port or https://host:port (or HOPWISE_UPSTREAM); a path such as /base is put before each request path',
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
    about: 'Run a forward proxy: absolute-form requests and CONNECT',
    examples: [
      ['hopwise forward --listen 127.0.0.1:3128', 'then: curl -x http://127.0.0.1:3128 http://example.com/'],
      [
        "hopwise forward --allow '*.internal' --connect-port 80,443,8443",
        'allows private names, and one more port for CONNECT',
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
    about: 'Run a proxy that is wrong on purpose, to show what goes wrong. Never use it for real traffic',
    operands: [
      { name: 'upstream', about: 'http://host:port, to be a reverse proxy for it; without one, a forward proxy' },
    ],
    examples: [
      ['hopwise dumb --listen 127.0.0.1:8082 http://127.0.0.1:3000', 'shows how clients hang behind a blind relay'],
    ],
    options: { ...listenOption(STANDARD_LISTEN.dumb), ...LOG_OPTIONS },
  },
  explain: {
    about: 'Show what happens to each field of a message head, and why (offline)',
    operands: [{ name: 'file', about: 'The raw head; standard input if absent or -', file: true }],
    examples: [
      [
        "printf 'GET / HTTP/1.1\\nHost: a\\nConnection: x-hop\\nX-Hop: 1\\n' | hopwise explain",
        'a request typed by hand',
      ],
      ['hopwise explain --response head.txt --json', 'a response, as JSON for a program'],
    ],
    options: {
      ...MODE,
      upstream: {
        kind: 'text',
        about: 'The upstream to assume (default http://127.0.0.1:3000)',
        group: 'Message:',
      },
      host: {
        kind: 'choice',
        choices: ['preserve', 'upstream'],
        about: "which Host to send, the client's (default) or the upstream's own",
        group: 'Message:',
      },
      ...HOP_OPTIONS,
    },
  },
  health: {
    about: 'Send a health check: exit code 0 for a 2xx or 3xx response, else 1',
    operands: [
      {
        name: 'url',
        about: 'http://host:port/path or https://… (or HOPWISE_URL, else the address in HOPWISE_LISTEN)',
      },
    ],
    examples: [
      ['hopwise health http://127.0.0.1:8080/', 'as the health check of a container'],
      ['hopwise health --config hopwise.yaml', 'asks the admin listener in that file whether hopwise is ready'],
    ],
    options: {
      ...configOption(
        'Ask the admin listener in this file whether hopwise is ready (or HOPWISE_CONFIG)',
        'Health check:',
      ),
      live: {
        kind: 'flag',
        about: 'With --config: ask whether hopwise is alive, ready or not',
        group: 'Health check:',
      },
      'timeout-ms': {
        kind: 'text',
        about: 'Time for the whole response, in milliseconds (default 3000)',
        group: 'Health check:',
      },
      self: {
        kind: 'flag',
        about: 'Ask the proxy itself, not its upstream: OPTIONS * with Max-Forwards: 0',
        group: 'Health check:',
      },
    },
  },
  lab: {
    about: 'Run a lesson about connections, with real sockets on this machine',
    operands: [
      {
        name: 'experiment',
        about:
          'The experiment to run; or replay FILE, check URL (your own proxy), serve (the web page); if absent, a list',
        choices: LAB_WORDS,
      },
      {
        name: 'file',
        about: 'With replay: the recording. With check: the http://host:port your proxy listens on',
        file: 'replay',
      },
    ],
    examples: [
      [
        'hopwise lab hang',
        'the hang of the dumb proxy in five steps; exit code 0: seen, 1: not seen, 3: not possible here',
      ],
      ['hopwise lab hang --set timeout=10 --save hang.jsonl', 'with one setting changed, and recorded'],
      ['hopwise lab replay hang.jsonl --speed 0.01', 'the recording, at a hundredth of its speed'],
      ['hopwise lab --all --lang ko', 'every experiment, one line each, in Korean'],
      [
        "hopwise lab check --start 'python3 proxy.py'",
        'checks your own proxy, written in any language: what is right, and what to do next',
      ],
      ['hopwise lab serve', 'the web page; takes the next free port when 8090 is in use'],
      ['hopwise lab serve --listen :8090 --known-as teacher-pc', 'the web page for a classroom'],
    ],
    options: { ...LAB_OPTIONS, ...listenOption(STANDARD_LISTEN.lab) },
  },
  demo: {
    about: 'Run a reverse proxy in front of a small built-in origin, with commands to try (npm start runs this)',
    examples: [['hopwise demo', 'takes the next free port when 8080 is in use']],
    options: {
      ...listenOption(STANDARD_LISTEN.demo),
      ...ACCESS_OPTIONS,
      ...LOG_OPTIONS,
      ...PROXY_OPTIONS,
      ...NUMBER_OPTIONS,
    },
  },
} as const satisfies Record<string, CommandSpec>

/** The options of all proxies, for the general help. */
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
