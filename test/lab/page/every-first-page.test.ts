import { test } from 'tap'
import { needs } from '../../support/needs.js'
import { everyExperiment } from './every.js'

test('experiments run in the page, end with a verdict, and are drawn: first part', needs('chromium'), t =>
  everyExperiment(t, 0),
)
