/** Where `hopwise lab` writes, and what it knows of who reads. */
export interface LabConsole {
  out(text: string): unknown
  err(text: string): unknown
  /** Somebody reads at a terminal, so many columns wide; 0: nobody knows. */
  readonly isTerminal: boolean
  readonly columns: number
  /** Somebody can answer. */
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
