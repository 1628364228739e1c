import test, { type ExecutionContext } from 'ava'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { takeTurn } from './takeTurn.ts'

/** A version of git to test with. */
export type Git = {
  readonly version: string
  /** The directory to put in front of PATH; undefined for the system's. */
  readonly directory: string | undefined
  /** Whether it tells a helper what it can do, and takes more than a username and a password (2.46 and later). */
  readonly hasCapabilities: boolean
}

/** Besides the system's: from these suites of Debian, where scripts/gits.sh has brought them. */
const SUITES = ['trixie', 'sid']

const SYSTEM = readGit(undefined)

/** A test on the system's git, and one on each that scripts/gits.sh brings: where one is missing, it fails. */
export function testEachGit(title: string, run: (t: ExecutionContext, git: Git) => Promise<void>): void {
  const runOn = async (t: ExecutionContext, git: Git): Promise<void> => {
    await takeTurn(t)
    await run(t, git)
  }
  test(`git ${SYSTEM.version}: ${title}`, (t) => runOn(t, SYSTEM))
  for (const suite of SUITES) {
    const directory = fileURLToPath(new URL(`../../.gits/${suite}/bin`, import.meta.url))
    if (existsSync(directory)) {
      const git = readGit(directory)
      test(`git ${git.version}: ${title}`, (t) => runOn(t, git))
    } else {
      test(`git of Debian's ${suite}: ${title}`, (t) => t.fail(`${directory} is missing: run scripts/gits.sh`))
    }
  }
}

/** The newest of them. */
export function newestGit(): Git {
  const directory = fileURLToPath(new URL(`../../.gits/${SUITES.at(-1)}/bin`, import.meta.url))
  if (!existsSync(directory)) throw new Error(`${directory} is missing: run scripts/gits.sh`)
  return readGit(directory)
}

function readGit(directory: string | undefined): Git {
  const program = directory === undefined ? 'git' : `${directory}/git`
  const [version = ''] = /\d+\.\d+[.\d]*/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' })) ?? []
  return { version, directory, hasCapabilities: isAtLeast(version, 2, 46) }
}

/** Whether a version is that or a later one. */
export function isAtLeast(version: string, major: number, minor: number): boolean {
  const [theirMajor = 0, theirMinor = 0] = version.split('.').map(Number)
  return theirMajor > major || (theirMajor === major && theirMinor >= minor)
}
