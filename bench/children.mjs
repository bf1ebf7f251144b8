import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import * as net from 'node:net'
import { pinned } from './machine.mjs'
import { identities, killAll } from './proc.mjs'

const children = new Set()

// However the bench ends, it ends the processes that it started, and no others.
process.on('exit', () => {
  for (const child of children) killAll(identities(child.pid))
})

/**
 * Starts a process on a core. It ends with the bench.
 * @param {{ env?: Record<string, string>, stdoutFile?: string, cwd?: string }} [more]
 */
export function startChild(core, command, args, { env = {}, stdoutFile, cwd } = {}) {
  const stdout = stdoutFile ? openSync(stdoutFile, 'a') : 'pipe'
  const stdio = ['ignore', stdout, 'pipe']
  const child = spawn(...pinned(core, command, args), { stdio, cwd, env: { ...process.env, ...env } })
  if (stdoutFile) closeSync(stdout)
  child.output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', text => {
      child.output = (child.output + text).slice(-20_000)
    })
  }
  children.add(child)
  child.once('exit', () => children.delete(child))
  return child
}

/** Runs a process to its end, killing it after `seconds`. @returns what it printed */
export async function runChild(core, command, args, seconds) {
  const child = startChild(core, command, args)
  const limit = setTimeout(() => child.kill('SIGKILL'), seconds * 1000)
  const [code] = await once(child, 'close')
  clearTimeout(limit)
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${child.output}`)
  return child.output
}

/** Resolves when the port accepts connections. @throws when the process ends before, or after 20 s */
export async function accepting(child, port) {
  const until = Date.now() + 20_000
  while (Date.now() < until && child.exitCode === null) {
    const open = await new Promise(done => {
      const socket = net.connect(port, '127.0.0.1', () => done(true)).on('error', () => done(false))
      socket.on('connect', () => socket.destroy())
    })
    if (open) return port
    await wait(30)
  }
  throw new Error(`${child.spawnargs.join(' ')} does not listen: ${child.output}`)
}

/** Resolves with the first line that the process prints as JSON with `"msg":"…"`. @throws after `seconds` */
export async function said(child, msg, seconds = 20) {
  const until = Date.now() + seconds * 1000
  while (Date.now() < until && child.exitCode === null) {
    const line = child.output.split('\n').find(it => it.startsWith('{') && it.includes(`"msg":"${msg}"`))
    if (line?.endsWith('}')) return JSON.parse(line)
    await wait(20)
  }
  throw new Error(`${child.spawnargs.join(' ')} did not print "${msg}": ${child.output}`)
}

/** Ends a process and its descendants; with SIGTERM first. */
export async function stopChild(child) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const all = identities(child.pid)
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  const limit = setTimeout(() => killAll(all), 1_500)
  await exit
  clearTimeout(limit)
  // Children that outlived it: it was killed, or did not end them.
  killAll(all)
}

export async function stopChildren() {
  await Promise.all([...children].map(stopChild))
}

export function wait(ms) {
  return new Promise(done => setTimeout(done, ms))
}
