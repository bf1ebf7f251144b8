/** The few helpers that the page needs: elements, and lists that keep their elements. */

const SVG = 'http://www.w3.org/2000/svg'

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} [attributes]
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function html(tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children)
  return element
}

/**
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number>} [attributes]
 * @param {Node[]} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value))
  element.append(...children)
  return element
}

/**
 * An element of index.html.
 * @template {Element} E
 * @param {string} selector
 * @param {new () => E} type
 * @param {ParentNode} [within]
 * @returns {E}
 */
export function find(selector, type, within = document) {
  const element = within.querySelector(selector)
  if (!(element instanceof type)) throw new Error(`the page has no ${selector}`)
  return element
}

/**
 * Touches only what changed: screen readers, the selection and the layout are not disturbed.
 * @param {Element} element @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text
}

/** @param {Element} element @param {string} name @param {string} value */
export function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value)
}

/**
 * Makes the children of `parent` match `items`, in order. An item that was there before keeps its element, so that focus, hover
 * and transitions survive.
 * @template T
 * @template {HTMLElement} E
 * @param {HTMLElement} parent
 * @param {Map<string, E>} known which element belongs to which key; kept by the caller from call to call
 * @param {readonly T[]} items
 * @param {{ key(item: T): string, make(item: T): E, update(element: E, item: T): void }} how
 */
export function updateList(parent, known, items, { key, make, update }) {
  const wanted = new Set(items.map(key))
  for (const [id, element] of known) {
    if (wanted.has(id)) continue
    moveFocusFrom(element)
    element.remove()
    known.delete(id)
  }
  let place = parent.firstElementChild
  for (const item of items) {
    let element = known.get(key(item))
    if (element === undefined) {
      element = make(item)
      known.set(key(item), element)
    }
    update(element, item)
    if (element === place) place = place.nextElementSibling
    else parent.insertBefore(element, place)
  }
}

/** Keeps a keyboard user's place when the focused element is removed. @param {HTMLElement} element */
function moveFocusFrom(element) {
  if (!element.contains(document.activeElement)) return
  const neighbour = element.nextElementSibling ?? element.previousElementSibling
  const target = neighbour?.querySelector('button:not([hidden])') ?? element.closest('[tabindex]')
  if (target instanceof HTMLElement) target.focus({ preventScroll: true })
}
