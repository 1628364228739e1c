import test, { type ExecutionContext } from 'ava'
import { createPrivateKey } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Home } from '../helpers/home.ts'
import { plantLogin } from '../helpers/plantLogin.ts'
import { makeUser } from '../helpers/user.ts'
import { makeIdentity, type Sandbox } from '../sandbox/sandbox.ts'

const NAME = 'git-credential-bitbucket-oauth'
const PASSPHRASE = 'open sesame'

type Files = { readonly cert: string; readonly key: string; readonly encryptedKey: string }

/** Somebody whose Bitbucket lets nobody in without a certificate; it lies in files. */
async function makeCertifiedUser(t: ExecutionContext): Promise<{ home: Home; sandbox: Sandbox; files: Files }> {
  const { key, cert } = await makeIdentity(['alice'])
  const { home, sandbox } = await makeUser(t, { tls: true, clientCertificate: cert })
  await plantLogin(home, sandbox)
  const directory = join(home.path, 'tmp')
  mkdirSync(directory)
  const file = (name: string, content: string): string => {
    writeFileSync(join(directory, name), content)
    return join(directory, name)
  }
  const encrypted = createPrivateKey(key).export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: PASSPHRASE,
  })
  const files = {
    cert: file('cert.pem', cert),
    key: file('key.pem', key),
    encryptedKey: file('locked.pem', String(encrypted)),
  }
  return { home, sandbox, files }
}

test('a client certificate of git’s configuration, or of its environment, is shown as git shows it', async (t) => {
  const { home, sandbox, files } = await makeCertifiedUser(t)

  const without = await home.run(NAME, ['refresh', sandbox.origin])
  Object.assign(home.env, { GIT_SSL_CERT: files.cert, GIT_SSL_KEY: files.key })
  const byEnvironment = await home.run(NAME, ['refresh', sandbox.origin])
  for (const name of ['GIT_SSL_CERT', 'GIT_SSL_KEY']) delete home.env[name]
  home.configure({ [`http.${sandbox.origin}.sslCert`]: files.cert, [`http.${sandbox.origin}.sslKey`]: files.key })
  const refresh = await home.run(NAME, ['refresh', sandbox.origin])
  const archive = await home.run(NAME, ['archive', 'acme/widgets', '-o', '-', '--host', sandbox.origin])
  const clone = await home.git('clone', '-q', sandbox.repository('widgets'))

  t.is(without.code, 1)
  t.regex(
    without.stderr,
    /client certificate\)\nhint: to show a certificate of yours: git config --global http\.sslCert FILE/,
  )
  for (const { code, stderr } of [byEnvironment, refresh, archive, clone]) t.is(code, 0, stderr)
})

test('the passphrase of its key is what git’s credential helpers know; without one, a sentence says how to tell them', async (t) => {
  const { home, sandbox, files } = await makeCertifiedUser(t)
  home.configure({ 'http.sslCert': files.cert, 'http.sslKey': files.encryptedKey })
  // git-credential-store keeps none of these: it has no place for an empty host.
  const tell = (passphrase: string): void =>
    writeFileSync(
      join(home.path, 'bin/git-credential-of-passphrases'),
      `#!/bin/sh
grep -q 'protocol=cert' && [ "$1" = get ] && printf 'username=\\npassword=${passphrase}\\n'
`,
      { mode: 0o700 },
    )

  const unknown = await home.run(NAME, ['refresh', sandbox.origin])
  home.configure({ 'credential.helper': 'of-passphrases' })
  tell(PASSPHRASE)
  const right = await home.run(NAME, ['refresh', sandbox.origin])
  tell('wrong')
  const wrong = await home.run(NAME, ['refresh', sandbox.origin])

  t.is(unknown.code, 1)
  t.regex(
    unknown.stderr,
    /cert\.pem has a passphrase, and no credential helper of git knows it\nhint: git asks its helpers for it/,
  )
  t.is(right.code, 0, right.stderr)
  t.is(wrong.code, 1)
  t.regex(wrong.stderr, /the passphrase of the client certificate's key is wrong/)
})

test('a client certificate that is not there is named', async (t) => {
  const { home, sandbox } = await makeCertifiedUser(t)
  home.configure({ 'http.sslCert': '/absent/cert.pem' })

  const { code, stderr } = await home.run(NAME, ['refresh', sandbox.origin])

  t.is(code, 1)
  t.regex(
    stderr,
    /the client certificate in \/absent\/cert\.pem cannot be read \(ENOENT\)\nhint: look at http\.sslCert/,
  )
})
