import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { findCommand } from '../machine.mjs'

/** The first dotted number in a command's output. */
export function versionOf(command, args) {
  const { stdout, stderr } = spawnSync(findCommand(command), args, { encoding: 'utf8', timeout: 10_000 })
  return /\d+(\.\d+)+/.exec(`${stdout}${stderr}`)?.[0] ?? '?'
}

/** The version of a package. @param packageJson the path of its package.json */
export function versionIn(packageJson) {
  return JSON.parse(readFileSync(packageJson, 'utf8')).version
}
