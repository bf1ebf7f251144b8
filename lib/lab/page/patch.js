/** Updates a drawing in the page to its shapes, and touches only what changed: focus and pointer stay where they are. */

import { setAttribute } from './dom.js'

const SVG = 'http://www.w3.org/2000/svg'

/** @typedef {import('./shape.js').Shape} Shape */

/** @param {Element} parent @param {readonly (Shape | string)[]} shapes */
export function patch(parent, shapes) {
  for (const [i, it] of shapes.entries()) {
    const there = parent.childNodes[i]
    if (typeof it === 'string') {
      if (there instanceof Text) {
        if (there.data !== it) there.data = it
      } else place(parent, document.createTextNode(it), there)
    } else if (there instanceof Element && there.tagName === it.tag) update(there, it)
    else place(parent, update(document.createElementNS(SVG, it.tag), it), there)
  }
  while (parent.childNodes.length > shapes.length) parent.lastChild?.remove()
}

/** @param {Element} parent @param {Node} node @param {ChildNode | undefined} there */
function place(parent, node, there) {
  if (there === undefined) parent.append(node)
  else there.replaceWith(node)
}

/** @param {Element} element @param {Shape} it */
function update(element, { attributes, children }) {
  for (const name of element.getAttributeNames()) if (!(name in attributes)) element.removeAttribute(name)
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value)
  patch(element, children)
  return element
}
