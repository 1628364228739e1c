import { readFileSync } from 'node:fs'
import { Failure, systemCode } from './failure.ts'
import { isFixed } from './fixedPath.ts'
import { type Variable, variableName } from './program.ts'

/**
 * The value of one of our variables, or of the file that the same name with `_FILE` names: so Docker, Kubernetes and systemd
 * hand over secrets. It may be secret.
 *
 * @returns undefined where it is empty too: CI systems set an empty one for a secret that they do not have
 * @throws Failure `not_configured` where the file cannot be read, and for more than one line
 */
export function readVariable(env: NodeJS.ProcessEnv, variable: Variable): string | undefined {
  const name = variableName(variable)
  const file = env[`${name}_FILE`]
  const value = env[name]?.trim() || (file ? readNamedFile(`${name}_FILE`, file) : undefined)
  if (value !== undefined && /[\r\n\0]/.test(value)) throw fileFailure(`${name} has more than one line`)
  return value
}

function readNamedFile(name: string, path: string): string {
  // A relative path would name a file of the repository that git works in.
  if (!isFixed(path)) throw fileFailure(`${name} has to be an absolute path`)
  let content: string
  try {
    content = readFileSync(path, 'utf8').trim()
  } catch (error) {
    throw fileFailure(`${path}, which ${name} names, cannot be read (${systemCode(error) ?? String(error)})`)
  }
  if (content === '') throw fileFailure(`${path}, which ${name} names, is empty`)
  return content
}

function fileFailure(message: string): Failure {
  return new Failure(message, {
    code: 'not_configured',
    hints: ['see whether the job has that secret, and whether it is mounted there'],
  })
}
