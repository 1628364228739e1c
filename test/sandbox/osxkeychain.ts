/**
 * A credential helper that keeps a username and a password for each host, and nothing that came later to git's
 * protocol: no expiry, no `ephemeral`, as macOS' git-credential-osxkeychain did before git 2.45. Called as git calls a
 * helper, with the file that it keeps them in before the operation.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

type Kept = Record<string, { username: string; password: string }>

const [file = '', operation = ''] = process.argv.slice(2)
const kept = (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}) as Kept
const { protocol, host, username, password } = Object.fromEntries(
  readFileSync(0, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
) as Record<string, string>
const key = `${protocol}://${host}`
const found = kept[key]

if (operation === 'get' && found !== undefined) {
  process.stdout.write(`username=${found.username}\npassword=${found.password}\n`)
} else if (operation === 'store' && username && password) {
  writeFileSync(file, JSON.stringify({ ...kept, [key]: { username, password } }))
} else if (operation === 'erase') {
  const { [key]: _, ...others } = kept
  writeFileSync(file, JSON.stringify(others))
}
