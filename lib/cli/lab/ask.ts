import { createInterface } from 'node:readline'
import type { Description } from '../../lab/experiment.js'
import type { Look } from '../../lab/terminal/stage.js'
import { WORDS } from '../../lab/terminal/words.js'

/**
 * Asks on a terminal which answer is right. @returns its number from 1; 0: none was given
 * @throws the reason of the signal, if it is cancelled
 */
export async function askPrediction(
  { answers }: Description,
  { language, paint }: Look,
  signal: AbortSignal,
): Promise<number> {
  const prompt = `${paint(WORDS.predict[language], 'strong')} [1-${answers.length}] (${WORDS.orSkip[language]}): `
  // The terminal itself edits the line and turns Ctrl-C into a signal.
  const lines = createInterface({ input: process.stdin, terminal: false })
  const close = () => lines.close()
  signal.addEventListener('abort', close, { once: true })
  try {
    process.stdout.write(prompt)
    for await (const line of lines) {
      const chosen = line.trim()
      if (chosen === '') return 0
      if (/^[1-9]$/.test(chosen) && Number(chosen) <= answers.length) return Number(chosen)
      process.stdout.write(prompt)
    }
    // Ctrl-D, or cancelled: the line of the question is still open.
    process.stdout.write('\n')
    signal.throwIfAborted()
    return 0
  } finally {
    signal.removeEventListener('abort', close)
    lines.close()
  }
}
