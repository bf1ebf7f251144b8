import * as fs from 'node:fs'
import { writeFindings } from '../config/findings.js'
import { lineOf } from '../config/plan-reading.js'
import { type Reading, readConfiguration } from '../config/read.js'
import type { Given } from './given.js'
import { UsageError } from './usage-error.js'

/** The configuration file that `--config`, the operand or HOPWISE_CONFIG names. @throws UsageError */
export function fileGiven(given: Given, command: string): string {
  const file = given.text('config')
  if (file !== undefined) return file
  const here = ['hopwise.yaml', 'hopwise.yml', 'hopwise.json'].find(name => fs.existsSync(name))
  throw new UsageError(
    `hopwise ${command} requires a configuration file (or HOPWISE_CONFIG): hopwise ${command} ` +
      (here === undefined ? 'hopwise.yaml.' : `${here}, which is in this directory.`),
  )
}

/** Reads it, with the environment of this process. */
export function readGiven(file: string): Reading {
  return readConfiguration(file, { environment: process.env })
}

/** All findings as readable text; '' if there are none. */
export function findingsText({ findings, text }: Reading): string {
  return writeFindings(findings, text)
}

/** Each finding as one line, for a log. */
export function findingLines({ findings }: Reading): string[] {
  return findings.map(lineOf)
}
