import { html, setText } from './dom.js'

/**
 * First a guess, then the run: the answers as buttons. The right one is marked when the run has shown it.
 * @param {import('./stage.js').Context} context @param {import('./session.js').Session} session @param {() => void} guessed
 */
export function makeQuestion({ say, of }, session, guessed) {
  const { question, answers } = session.experiment
  const kept = html('p', { class: 'kept', role: 'status' })
  const buttons = answers.map(({ text }, i) => {
    const mark = html('span', { class: 'mark' })
    const button = html(
      'button',
      { type: 'button', class: 'answer', 'aria-pressed': 'false' },
      html('span', { class: 'letter', 'aria-hidden': 'true' }, 'ABCD'.charAt(i)),
      html('span', {}, html('span', {}, of(text)), mark),
    )
    button.addEventListener('click', () => {
      session.guess = i
      update()
      guessed()
    })
    return { button, mark }
  })
  const element = html(
    'section',
    { class: 'question-card', 'aria-labelledby': 'question' },
    html('h2', {}, say('question.title')),
    html('p', { id: 'question', class: 'asked' }, of(question)),
    html(
      'div',
      { class: 'answers', role: 'group', 'aria-labelledby': 'question' },
      ...buttons.map(({ button }) => button),
    ),
    kept,
  )
  function update() {
    const right = rightOf(session)
    for (const [i, { button, mark }] of buttons.entries()) {
      const chosen = session.guess === i
      const isRight = right === i
      button.setAttribute('aria-pressed', String(chosen))
      button.classList.toggle('right', isRight)
      button.classList.toggle('wrong', right !== null && chosen && !isRight)
      setText(
        mark,
        [isRight ? `✓ ${say('answer.right')}` : '', chosen ? say('answer.yours') : ''].filter(Boolean).join(' · '),
      )
    }
    const waits = session.guess !== null && session.events.length === 0 && !session.isRunning
    setText(kept, waits ? `${say('question.kept')} ${say('question.change')}` : '')
  }
  update()
  return { element, update }
}

/** Which answer the run has shown to be right, if any. @param {import('./session.js').Session} session @returns {number | null} */
function rightOf({ events, experiment }) {
  const last = events.at(-1)
  const right = last?.kind === 'verdict' && last.outcome === 'observed' ? (last.right ?? 0) - 1 : -1
  return right in experiment.answers ? right : null
}

/** Whether the guess was right, in words. @param {import('./stage.js').Context} context @param {import('./session.js').Session} session @returns {{ right: boolean | null, texts: string[] }} */
export function judgeGuess({ say, of }, session) {
  const { guess, experiment, events } = session
  const last = events.at(-1)
  const right = rightOf(session)
  if (right === null) {
    const why = last?.kind === 'verdict' && last.outcome === 'observed' ? 'guess.other' : 'guess.unsettled'
    return { right: null, texts: guess === null ? [] : [say(why)] }
  }
  const textOf = (/** @type {number} */ nth) => of(experiment.answers[nth]?.text ?? { en: '', ko: '' })
  const answer = say('guess.answer', { answer: textOf(right) })
  if (guess === null) return { right: null, texts: [answer] }
  if (guess === right) return { right: true, texts: [say('guess.right'), answer] }
  return { right: false, texts: [say('guess.wrong', { guess: textOf(guess) }), answer] }
}
