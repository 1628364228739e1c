import { statSync } from 'node:fs'
import { delimiter } from 'node:path'
import { orUndefined } from '../../base/failure.ts'
import { isFixed } from '../../base/fixedPath.ts'
import { PROGRAM } from '../../base/program.ts'
import { findHelper, readSearchPath } from '../../base/programs.ts'
import { fault, type Finding } from './finding.ts'

/** What git starts by its name, and what starts this program by its first line. */
const PROGRAMS = ['node', 'git', PROGRAM]

/**
 * Whether PATH leads to what others have put there before it leads to Node, git and this program: a relative entry is a
 * directory of the repository that one stands in. This program itself passes relative entries over; git and env do not.
 */
export function checkPath(env: NodeJS.ProcessEnv): Finding[] {
  const entries = readSearchPath(env).split(delimiter)
  const endangered = (place: number): string[] =>
    PROGRAMS.filter((name) => entries.findIndex((entry) => findHelper(name, { PATH: entry }) !== undefined) > place)
  return entries.flatMap((entry, index) => {
    const danger = isFixed(entry)
      ? isOpen(entry) && 'every user of this machine can write to it'
      : 'it means a directory of the repository that you stand in'
    const names = danger === false || entries.indexOf(entry) < index ? [] : endangered(index)
    if (danger === false || names.length === 0) return []
    const text = `"${entry}" comes before ${names.join(', ')}, and ${danger}: a program of that name there would be run`
    return [fault('PATH', text, `take "${entry}" out of PATH, where your shell sets it`)]
  })
}

/** Windows keeps rights otherwise. */
function isOpen(directory: string): boolean {
  const mode = process.platform === 'win32' ? 0 : orUndefined(() => statSync(directory).mode)
  return mode !== undefined && (mode & 0o002) !== 0
}
