import { accessSync, constants } from 'node:fs'
import { systemCode } from '../../base/failure.ts'
import { type Finding, note } from './finding.ts'

/** Code that Node runs, or a configuration that it reads, before this program begins. */
const BEFORE_US = /^(-r|--(require|import|loader|experimental-loader|inspect.*|openssl-config))$/

/** What this program overrules (http/agent.ts). */
const OVERRULED = /^--(tls-keylog|tls-min-.*|tls-cipher-list)$/

/** What the environment tells Node that bears on secrets, and whether this program obeys it. */
export function checkNode(env: NodeJS.ProcessEnv): Finding[] {
  const options = (env['NODE_OPTIONS'] ?? '').split(/\s+/).map((option) => option.replace(/=.*/s, ''))
  const texts = [
    env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0' &&
      'NODE_TLS_REJECT_UNAUTHORIZED=0 is set: other Node programs do not check certificates; this one does',
    env['NODE_DEBUG'] && 'NODE_DEBUG is set: other Node programs may print passwords by it; this one prints none',
    ...options.map(
      (option) =>
        (BEFORE_US.test(option) && `NODE_OPTIONS has ${option}: Node obeys it before this program begins`) ||
        (OVERRULED.test(option) && `NODE_OPTIONS has ${option}: other Node programs obey it; this one does not`),
    ),
    env['OPENSSL_CONF'] && 'OPENSSL_CONF is set: Node reads that file before this program begins',
  ]
  return [...texts.filter((text) => typeof text === 'string' && text !== ''), ...listMissing(env)].map((text) =>
    note('node', String(text)),
  )
}

function listMissing({ NODE_EXTRA_CA_CERTS: file }: NodeJS.ProcessEnv): string[] {
  try {
    if (file) accessSync(file, constants.R_OK)
    return []
  } catch (error) {
    return [`NODE_EXTRA_CA_CERTS names ${file}, which cannot be read (${systemCode(error)}): Node warns at each start`]
  }
}
