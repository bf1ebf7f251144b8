/** Where `hopwise lab` writes, and what it knows about the reader. */
export interface LabConsole {
  out(text: string): unknown
  err(text: string): unknown
  /** The output is a terminal with this many columns; 0: unknown. */
  readonly isTerminal: boolean
  readonly columns: number
  /** The input is a terminal, so a question can be answered. */
  readonly answers: boolean
  readonly env: NodeJS.ProcessEnv
}

export const PROCESS: LabConsole = {
  out: text => process.stdout.write(text),
  err: text => process.stderr.write(text),
  get isTerminal() {
    return process.stdout.isTTY === true
  },
  get columns() {
    return process.stdout.columns || 0
  },
  get answers() {
    return process.stdin.isTTY === true
  },
  get env() {
    return process.env
  },
}
