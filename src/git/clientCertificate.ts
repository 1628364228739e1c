import { Failure } from '../base/failure.ts'
import { isFixed } from '../base/fixedPath.ts'
import type { ClientCertificate } from '../http/network.ts'
import type { Settings } from './config.ts'
import { NOWHERE, runGit } from './run.ts'

/**
 * The certificate that git shows to a URL's server: `http.sslCert` and `http.sslKey`, whose passphrase git's credential helpers
 * know. One that takes a person is not asked for: others may wait for this process meanwhile.
 *
 * @param findPath one of these settings, as git reads a path
 * @see https://git-scm.com/docs/git-config#Documentation/git-config.txt-httpsslCert
 */
export function readClientCertificate(
  settings: Settings,
  findPath: (key: string) => string | undefined,
  env: NodeJS.ProcessEnv,
): ClientCertificate | undefined {
  const [certificateFile, keyFile] = (['cert', 'key'] as const).map((what) => {
    const path =
      env[`GIT_SSL_${what.toUpperCase()}`] ?? (settings.has(`ssl${what}`) ? findPath(`ssl${what}`) : undefined)
    // Another one may name something in the repository that git works in.
    return path !== undefined && isFixed(path) ? path : undefined
  })
  if (certificateFile === undefined) return undefined
  const askPassphrase = (): string => findPassphrase(certificateFile, env)
  return { certificateFile, keyFile: keyFile ?? certificateFile, askPassphrase }
}

/** As git asks for it: see http.c, `has_cert_password`. */
function findPassphrase(file: string, env: NodeJS.ProcessEnv): string {
  const request = `protocol=cert\nhost=\nusername=\npath=${file}\n\n`
  const { stdout } = runGit(['credential', 'fill'], env, request, {
    GIT_DIR: NOWHERE,
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '',
    SSH_ASKPASS: '',
  })
  const passphrase = /^password=(.*)$/m.exec(stdout)?.[1]
  if (passphrase !== undefined) return passphrase
  throw new Failure(
    `the key of the client certificate in ${file} has a passphrase, and no credential helper of git knows it`,
    {
      code: 'unreachable',
      hints: [
        `git asks its helpers for it with protocol=cert and path=${file}`,
        'or take the passphrase off, into a file that only you can read: openssl pkey -in KEY -out NEW-KEY',
      ],
    },
  )
}
