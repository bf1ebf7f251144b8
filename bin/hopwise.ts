#!/usr/bin/env node
import { main } from '../lib/cli/main.js'

// Exits at once: otherwise a log whose reader has stopped would keep the process alive.
process.exit(await main(process.argv.slice(2)))
