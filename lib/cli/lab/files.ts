import * as fs from 'node:fs'
import * as path from 'node:path'
import type { LabEvent } from '../../lab/events.js'
import { RECORDING_BYTES_MAX, RecordingError, readRecording, recordingText } from '../../lab/recording.js'
import { replaceFile } from '../replace-file.js'
import { UsageError } from '../usage-error.js'

/** Readable and writable by everyone, as far as the umask allows. */
const NEW_MODE = 0o666

/** Checks before a run whether its recording can be saved, as far as that is known now. @throws UsageError */
export function checkWritable(where: string, file: string): void {
  try {
    if (fs.statSync(file, { throwIfNoEntry: false })?.isFile() === false) throw new Error('it is not a regular file')
    fs.accessSync(path.dirname(path.resolve(file)), fs.constants.W_OK)
  } catch (error) {
    throw new UsageError(`${where} ${file} cannot be written: ${reasonOf(error)}.`, { cause: error })
  }
}

/** Writes the whole recording or nothing. @returns '', or a sentence that says why not */
export function saveRecording(file: string, events: readonly LabEvent[]): string {
  try {
    replaceFile(file, recordingText(events), NEW_MODE)
    return ''
  } catch (error) {
    return `${file} could not be written: ${reasonOf(error)}. The recording is lost.`
  }
}

/** @throws UsageError if the file cannot be read or is not a recording */
export function loadRecording(file: string): LabEvent[] {
  const text = textOf(file)
  try {
    return readRecording(text)
  } catch (error) {
    if (!(error instanceof RecordingError)) throw error
    throw new UsageError(`${file}:${error.line}: ${error.why}.`, { cause: error })
  }
}

function textOf(file: string): string {
  try {
    const fd = fs.openSync(file, 'r')
    try {
      return readBounded(fd)
    } finally {
      fs.closeSync(fd)
    }
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${reasonOf(error)}.`, { cause: error })
  }
}

function readBounded(fd: number): string {
  const pieces: Buffer[] = []
  for (let bytes = 0; ; ) {
    const piece = Buffer.allocUnsafe(65_536)
    const read = fs.readSync(fd, piece)
    if (read === 0) return Buffer.concat(pieces).toString('utf8')
    pieces.push(piece.subarray(0, read))
    bytes += read
    if (bytes > RECORDING_BYTES_MAX) throw new Error(`it is larger than ${RECORDING_BYTES_MAX} bytes`)
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  const known: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file or folder',
    EISDIR: 'it is a folder',
    ENOTDIR: 'a part of its path is not a folder',
    EACCES: 'permission denied',
    EROFS: 'the file system is read-only',
    ENOSPC: 'the disk is full',
  }
  return known[code ?? ''] ?? message
}
