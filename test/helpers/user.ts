import type { ExecutionContext } from 'ava'
import { Sandbox } from '../sandbox/sandbox.ts'
import type { Git } from './gits.ts'
import { Home } from './home.ts'
import { plantLogin } from './plantLogin.ts'
import { freePort } from './ports.ts'
import { takeTurn } from './takeTurn.ts'

/** A user with the helper configured, and a Bitbucket with a private repository; both go with the test. */
export async function makeUser(
  t: ExecutionContext,
  options: { callback?: string; tls?: boolean; clientCertificate?: string; prefix?: string; git?: Git } = {},
): Promise<{ home: Home; sandbox: Sandbox }> {
  await takeTurn(t)
  const sandbox = await Sandbox.start(
    options.callback ?? `http://localhost:${await freePort()}`,
    options.tls === true
      ? {
          tls: {
            host: 'localhost',
            port: 0,
            ...(options.clientCertificate === undefined ? {} : { clientCertificate: options.clientCertificate }),
          },
        }
      : {},
  )
  const home = new Home(undefined, options)
  home.configureFor(sandbox)
  t.teardown(async () => {
    await sandbox.stop()
    const leaks = home.findLeaks(sandbox.oauth.secrets)
    await home.remove()
    if (leaks.length > 0) throw new Error(`secrets leaked to ${leaks.join(', ')}`)
  })
  return { home, sandbox }
}

/** As {@link makeUser}, after a login; the browser must not open. */
export async function makeLoggedInUser(
  t: ExecutionContext,
  options: { prefix?: string; git?: Git } = {},
): Promise<{ home: Home; sandbox: Sandbox; request: string }> {
  const { home, sandbox } = await makeUser(t, options)
  await plantLogin(home, sandbox)
  return { home, sandbox, request: requestFor(sandbox.origin) }
}

/** What git sends for a URL. */
export function requestFor(origin: string, attributes: Readonly<Record<string, string>> = {}): string {
  const { protocol, host } = new URL(origin)
  return Object.entries({ protocol: protocol.slice(0, -1), host, ...attributes })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

/** The attributes of an answer. */
export function parseAnswer(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
}
