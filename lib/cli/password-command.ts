import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import { readUsersFile, withUser, wrongUserName } from '../proxy/options/users-file.js'
import { hashPassword } from '../proxy/users.js'
import type { Given } from './given.js'
import { askPassword, readPasswordLine } from './read-password.js'
import { replaceFile } from './replace-file.js'
import { UsageError } from './usage-error.js'

export interface PasswordResult {
  done: boolean
  /** For standard output. */
  output: string
  /** For standard error. */
  complaint: string
}

const SALT_BYTES = 16

/** `hopwise password`: prints a line for a users file, or puts it into the file. @throws UsageError */
export async function passwordCommand(given: Given): Promise<PasswordResult> {
  const user = given.text('user')
  if (user === undefined) throw new UsageError('hopwise password requires a user name: hopwise password alice.')
  const wrong = wrongUserName(user)
  if (wrong !== '') throw new UsageError(`${given.where('user')} ${JSON.stringify(user)} ${wrong}.`)
  const file = given.text('file')
  const before = file === undefined ? '' : textOf(file)
  const password = await passwordOf(user)
  if ('complaint' in password) return { done: false, output: '', complaint: password.complaint }
  const hash = await hashPassword(password.text, randomBytes(SALT_BYTES))
  return file === undefined
    ? { done: true, output: `${user}:${hash}\n`, complaint: '' }
    : putInto(file, before, user, hash)
}

/** Reads the file before prompting, so that a file that cannot be read is reported at once. */
function textOf(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return ''
    throw new UsageError(`--file ${file} cannot be read: ${code === 'EISDIR' ? 'it is a directory' : message}.`, {
      cause: error,
    })
  }
}

async function passwordOf(user: string): Promise<{ text: string } | { complaint: string }> {
  const { stdin, stderr } = process
  let text: string
  try {
    if (stdin.isTTY) {
      text = await askPassword(stdin, stderr, `Password for ${user}: `)
      if (text !== '' && (await askPassword(stdin, stderr, 'Repeat the password: ')) !== text)
        return { complaint: 'The passwords differ: nothing was changed.\n' }
    } else text = await readPasswordLine(stdin)
  } catch (error) {
    return { complaint: `No password: ${(error as Error).message}.\n` }
  }
  if (text === '') return { complaint: 'No password: the line is empty.\n' }
  // No client could send it (RFC 7617 2).
  if (/\p{Cc}/u.test(text))
    return { complaint: 'The password contains a control character, which no client can send.\n' }
  return { text }
}

function putInto(file: string, before: string, user: string, hash: string): PasswordResult {
  const { text, replaced } = withUser(before, user, hash)
  try {
    replaceFile(file, text)
  } catch (error) {
    return { done: false, output: '', complaint: `${file} could not be changed: ${(error as Error).message}.\n` }
  }
  const { problems } = readUsersFile(text)
  return {
    done: true,
    output: `${file}: ${replaced ? `changed the password of ${user}` : `added ${user}`}\n`,
    complaint: problems.map(({ line, message }) => `${file}:${line}: ${message}\n`).join(''),
  }
}
