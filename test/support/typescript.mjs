import * as module from 'node:module'
import { load, resolve } from './typescript-hooks.mjs'

// Lets a test process load .ts files. What they became is kept in .tap/compiled, so the compiler is loaded by whoever
// comes first after a change, and by nobody else. Of the 0.45 s of CPU in which a test process begins this takes 0.05, and
// what the runner loads takes the rest.
const [major, minor] = process.versions.node.split('.').map(Number)
// In the thread itself where that works: hooks in a thread of their own cost each import a message there and back.
if (major > 24 || (major === 24 && minor >= 13)) module.registerHooks({ load, resolve })
else module.register('./typescript-hooks.mjs', import.meta.url)
