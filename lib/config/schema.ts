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
  to: z.string().min(1).default('stdout').describe('stdout, off, or a file.'),
  format: choice(
    ['json', 'common', 'combined'],
    'json',
    "JSON, or the Common or Combined format of web servers' logs.",
  ),
})

const logs = z.strictObject({
  level: choice(LOG_LEVELS, 'info', 'The least that is logged; "listening" is said at every level.'),
  format: choice(LOG_FORMATS, 'auto', 'JSON lines, or text for people; auto is text on a terminal.'),
  access: access.prefault({}).describe('One line for each exchange.'),
})

/** THE schema: what is read, its defaults, config/hopwise.schema.json and docs/configuration.md all come from here. */
export const SCHEMA = z.strictObject({
  $schema: z.string().optional().describe('For editors, in a JSON file. It says nothing to hopwise.'),
  name: text(values.readName)
    .optional()
    .describe("This deployment's name in Via and Proxy-Status, unlike any other's. Default: host name and port."),
  workers: z
    .union([z.int().min(1).max(1_024), z.literal('auto')])
    .default(1)
    .describe('Processes that serve; auto is one for each core.'),
  pidFile: z
    .string()
    .min(1)
    .optional()
    .describe('Where the id of the process is written, for hopwise reload. Absent: nowhere.'),
  trust: peers('Peers whose Forwarded and X-Forwarded-* are believed, at every listener.').default([]),
  listeners: z.array(listener).min(1).describe('Where it listens, and what it does there.'),
  upstreams: z
    .record(text(values.readLabel), group)
    .default({})
    .describe('Groups of servers by their names, for routes to name.'),
  limits: numbers<Limits>('limits').prefault({}).describe('How much of everything there may be at once.'),
  deadlines: numbers<Deadlines>('deadlines').prefault({}).describe('How long every wait may last; 0 is no limit.'),
  readMode: choice(
    READ_MODES,
    'onread',
    'How sockets are read; data: only in ways that Node documents, for more CPU. Tried at the start.',
  ),
  grammar: numbers<GrammarLimits>('grammar')
    .prefault({})
    .describe('How much of one message is read before it is refused.'),
  logs: logs.prefault({}).describe('What is logged, and where.'),
  admin: z
    .strictObject({
      address: text(values.readAddress).describe('As the address of a listener; rather on loopback.'),
      hosts: z
        .array(text(values.readRouteHost))
        .default([])
        .describe('Names under which browsers may ask for it, beside localhost and addresses.'),
      readyNeeds: z
        .array(text(values.readLabel))
        .default([])
        .describe('Groups that /readyz needs: it says 503 while the health checks find no server of one of them up.'),
    })
    .optional()
    .describe('Health, readiness, metrics and status, for operators. Absent: none.'),
  reload: z
    .strictObject({ watch: flag(false, 'Read the file again when it changes, not only on SIGHUP.') })
    .prefault({})
    .describe('How a changed file is taken up.'),
  tracing: z
    .strictObject({ openTelemetry: flag(false, 'Make spans with @opentelemetry/api, which you install.') })
    .prefault({})
    .describe('Spans for each exchange.'),
})

export type Checked = z.output<typeof SCHEMA>
export type CheckedListener = Checked['listeners'][number]
export type UpstreamGroup = z.output<typeof group>
