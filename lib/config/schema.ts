import { z } from 'zod'
import type { Deadlines } from '../link/deadlines.js'
import type { Limits } from '../link/limits.js'
import { READ_MODES } from '../net/socket/read-mode.js'
import type { GrammarLimits } from '../wire/limits.js'
import { LOG_FORMATS, LOG_LEVELS } from './choices.js'
import { listener, peers } from './schema-listener.js'
import { choice, flag, numbers, text } from './schema-parts.js'
import { group } from './schema-upstream.js'
import * as values from './values.js'

const access = z.strictObject({
  to: z.string().min(1).default('stdout').describe('Where to write it: stdout, off, or a file.'),
  format: choice(['json', 'common', 'combined'], 'json', 'JSON, or the Common or Combined Log Format of web servers.'),
})

const logs = z.strictObject({
  level: choice(LOG_LEVELS, 'info', 'Minimum level to log; "listening" is logged at every level.'),
  format: choice(LOG_FORMATS, 'auto', 'JSON lines or human-readable text; auto is text on a terminal, else JSON.'),
  access: access.prefault({}).describe('The access log: one line for each exchange.'),
})

/** THE schema: the keys, their defaults, config/hopwise.schema.json and docs/configuration.md all come from here. */
export const SCHEMA = z.strictObject({
  $schema: z.string().optional().describe('For editors, in a JSON file. hopwise ignores it.'),
  name: text(values.readName)
    .optional()
    .describe("This deployment's unique name in Via and Proxy-Status. Default: host name and port."),
  workers: z
    .union([z.int().min(1).max(1_024), z.literal('auto')])
    .default(1)
    .describe('Number of processes that serve; auto is one for each core.'),
  pidFile: z.string().min(1).optional().describe('File for the process id, used by hopwise reload. Default: none.'),
  trust: peers('Peers whose Forwarded and X-Forwarded-* are trusted, at every listener.').default([]),
  listeners: z.array(listener).min(1).describe('Where hopwise listens, and what it does there.'),
  upstreams: z
    .record(text(values.readLabel), group)
    .default({})
    .describe('Groups of servers, by the names that routes use.'),
  limits: numbers<Limits>('limits').prefault({}).describe('Limits on connections, requests and content.'),
  deadlines: numbers<Deadlines>('deadlines').prefault({}).describe('How long each wait may last; 0 is no limit.'),
  readMode: choice(
    READ_MODES,
    'onread',
    'How to read sockets; data uses documented Node interfaces only, and needs more CPU. Tested at the start.',
  ),
  grammar: numbers<GrammarLimits>('grammar').prefault({}).describe('Limits of one message; a larger one is refused.'),
  logs: logs.prefault({}).describe('What to log, and where.'),
  admin: z
    .strictObject({
      address: text(values.readAddress).describe('An address as for a listener, preferably on loopback.'),
      hosts: z
        .array(text(values.readRouteHost))
        .default([])
        .describe('Host names accepted from browsers, besides localhost and addresses.'),
      readyNeeds: z
        .array(text(values.readLabel))
        .default([])
        .describe(
          'Groups that readiness depends on: /readyz answers 503 while the health checks find no healthy server in one of them.',
        ),
    })
    .optional()
    .describe('Health, readiness, metrics and status, for operators. Default: none.'),
  reload: z
    .strictObject({ watch: flag(false, 'Reload the file when it changes, not only on SIGHUP.') })
    .prefault({})
    .describe('How to reload a changed file.'),
  tracing: z
    .strictObject({ openTelemetry: flag(false, 'Create spans with @opentelemetry/api, which you install.') })
    .prefault({})
    .describe('Tracing of each exchange.'),
})

export type Checked = z.output<typeof SCHEMA>
export type CheckedListener = Checked['listeners'][number]
export type UpstreamGroup = z.output<typeof group>
