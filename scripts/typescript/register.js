import { register } from 'node:module'

// As ts-blank-space/register, for the many processes of a test run.
register('./hooks.js', import.meta.url)
