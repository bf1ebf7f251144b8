import { execFile } from 'node:child_process'

/** The states of a service that are reported to systemd, in its words (sd_notify(3)). */
export type ServicePhase = 'ready' | 'reloading' | 'stopping'

export interface NotifyOptions {
  environment?: Readonly<Record<string, string | undefined>>
  /** Called when systemd expects a notification and it cannot be sent. The service continues. */
  warn(message: string): void
  /** How long systemd-notify may take, in ms. */
  limitMs?: number
}

/** Reports one phase, with a line for `systemctl status`. Never rejects; resolves when systemd has it, or never will. */
export type Notify = (phase: ServicePhase, status?: string) => Promise<void>

/** systemd answers within milliseconds; a program that hangs must not delay the end of a drain. */
const ANSWER_MS = 2_000

const STATUS = {
  ready: 'serving',
  reloading: 'reading the configuration',
  stopping: 'draining: running exchanges may finish',
} as const satisfies Record<ServicePhase, string>

/**
 * For `Type=notify`: tells systemd when the service is ready, reloads, stops. Does nothing if NOTIFY_SOCKET is not set.
 *
 * The protocol is a datagram to a Unix socket, which Node cannot send: the program `systemd-notify` does so, as a child
 * process, so the unit needs `NotifyAccess=all`. One message at a time, in the order of the calls.
 */
export function createNotify({ environment = process.env, warn, limitMs = ANSWER_MS }: NotifyOptions): Notify {
  const { NOTIFY_SOCKET, PATH } = environment
  if (!NOTIFY_SOCKET) return async () => {}
  let last = Promise.resolve()
  return (phase, status = STATUS[phase]) => {
    last = last.then(async () => {
      const error = await send(assignments(phase, status), { NOTIFY_SOCKET, PATH }, limitMs)
      if (error) warn(`cannot notify systemd of "${phase}": ${why(error, limitMs)}`)
    })
    return last
  }
}

function assignments(phase: ServicePhase, status: string): string[] {
  // A line end would start another assignment.
  const line = `STATUS=${status.replaceAll(/\s+/g, ' ')}`
  if (phase === 'ready') return ['READY=1', line]
  if (phase === 'stopping') return ['STOPPING=1', line]
  // CLOCK_MONOTONIC, which hrtime uses on Linux and systemd expects: it tells successive reloads apart.
  return ['RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1_000n}`, line]
}

function send(words: string[], env: NodeJS.ProcessEnv, limitMs: number): Promise<NodeJS.ErrnoException | null> {
  const options = { env, timeout: limitMs, killSignal: 'SIGKILL' } as const
  return new Promise(done => {
    execFile('systemd-notify', words, options, error => done(error as NodeJS.ErrnoException | null))
  })
}

function why(error: NodeJS.ErrnoException & { killed?: boolean }, limitMs: number): string {
  if (error.code === 'ENOENT')
    return 'the program systemd-notify was not found; install it, or set Type=exec in the unit'
  if (error.killed) return `systemd-notify did not exit within ${limitMs} ms`
  return error.message.trim()
}
