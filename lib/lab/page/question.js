import { html, setText } from './dom.js'

/**
 * First a guess, then the run: the answers as buttons. What is right is shown when the run has shown it.
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
    const isOver = session.events.at(-1)?.kind === 'verdict' && isObserved(session)
    for (const [i, { button, mark }] of buttons.entries()) {
      const chosen = session.guess === i
      const right = isOver && answers[i]?.right === true
      button.setAttribute('aria-pressed', String(chosen))
      button.classList.toggle('right', right)
      button.classList.toggle('wrong', isOver && chosen && !right)
      setText(
        mark,
        [right ? `✓ ${say('answer.right')}` : '', chosen ? say('answer.yours') : ''].filter(Boolean).join(' · '),
      )
    }
    const waits = session.guess !== null && session.events.length === 0 && !session.isRunning
    setText(kept, waits ? `${say('question.kept')} ${say('question.change')}` : '')
  }
  update()
  return { element, update }
}

/** Only a run that showed the effect can say which guess was right. @param {import('./session.js').Session} session */
export function isObserved({ events }) {
  const last = events.at(-1)
  return last?.kind === 'verdict' && last.outcome === 'observed'
}

/** Whether the guess was right, in words. @param {import('./stage.js').Context} context @param {import('./session.js').Session} session @returns {{ right: boolean | null, texts: string[] }} */
export function judgeGuess({ say, of }, session) {
  const { guess, experiment } = session
  const right = experiment.answers.find(answer => answer.right)
  const answer = right ? say('guess.answer', { answer: of(right.text) }) : ''
  if (!isObserved(session)) return { right: null, texts: guess === null ? [] : [say('guess.unsettled')] }
  if (guess === null) return { right: null, texts: [answer] }
  const chosen = experiment.answers[guess]
  if (chosen?.right) return { right: true, texts: [say('guess.right'), answer] }
  return { right: false, texts: [say('guess.wrong', { guess: chosen ? of(chosen.text) : '' }), answer] }
}
