import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { findCommand } from '../machine.mjs'

/** The first number with dots that a command says of itself. */
export function versionOf(command, args) {
  const { stdout, stderr } = spawnSync(findCommand(command), args, { encoding: 'utf8', timeout: 10_000 })
  return /\d+(\.\d+)+/.exec(`${stdout}${stderr}`)?.[0] ?? '?'
}

/** The version of a package, by where its package.json stands. */
export function versionIn(packageJson) {
  return JSON.parse(readFileSync(packageJson, 'utf8')).version
}
