import { spawnSync } from 'node:child_process'

/** Fails with a sentence where a test's program is not there, rather than with what comes of it. */
export function needProgram(name: string, debianPackage = name): void {
  if (spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined) return
  throw new Error(`${name} is missing: on Debian, apt-get install ${debianPackage}`)
}
