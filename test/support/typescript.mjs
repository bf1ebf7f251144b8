import * as module from 'node:module'
import { load, resolve } from './typescript-hooks.mjs'

// Lets a test process load .ts files. The compiled files are kept in .tap/compiled, so only the first process after a change
// loads the compiler. Of the 0.45 s of CPU that the start of a test process costs, this takes 0.05, and the runner the rest.
const [major, minor] = process.versions.node.split('.').map(Number)
// In the same thread where that works: with hooks in a separate thread, each import costs a message there and back.
if (major > 24 || (major === 24 && minor >= 13)) module.registerHooks({ load, resolve })
else module.register('./typescript-hooks.mjs', import.meta.url)
