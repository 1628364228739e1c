import { readFileSync, writeFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { orUndefined } from '../base/failure.ts'
import { listEntries } from './config.ts'
import { runGit } from './run.ts'

/**
 * Removes one entry of a file of git's configuration, and no other one: of several with the same key and value, the one
 * that is meant. What goes is left to git, and where git cannot tell them apart, to the line whose loss git reads as the
 * loss of that entry alone.
 *
 * @param index of the entry, as {@link listEntries} lists them
 * @returns false where the file is written so that it takes a person; it is as it was then
 */
export function removeEntry(file: string, index: number, env: NodeJS.ProcessEnv): boolean {
  const entries = listEntries(file, env)
  const [key = '', value = ''] = entries[index] ?? []
  const expected = entries.toSpliced(index, 1)
  // A character for each byte: whatever the user's encoding, it goes back as it came.
  const text = readFileSync(file, 'latin1')
  const unset = (): void => {
    runGit(['config', '--file', file, '--fixed-value', '--unset-all', key, value], { ...env, GIT_DIR: '/dev/null' })
  }
  const cuts = linesWith(text, key.slice(key.lastIndexOf('.') + 1)).map(({ start, end }) => () => {
    writeFileSync(file, text.slice(0, start) + text.slice(end), 'latin1')
  })
  for (const remove of [unset, ...cuts]) {
    remove()
    const left = orUndefined(() => listEntries(file, env))
    if (isDeepStrictEqual(left, expected)) return true
    writeFileSync(file, text, 'latin1')
  }
  return false
}

/** Where the lines stand that name a variable, each with its line feed. */
function linesWith(text: string, name: string): { start: number; end: number }[] {
  return [...text.matchAll(/[^\n]*(\n|$)/g)]
    .filter(([line]) => line.toLowerCase().includes(name))
    .map(({ 0: line, index }) => ({ start: index, end: index + line.length }))
}
