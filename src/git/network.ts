import { existsSync } from 'node:fs'
import { Failure } from '../base/failure.ts'
import { isFixed } from '../base/fixedPath.ts'
import { findHome } from '../base/home.ts'
import type { Trace } from '../base/trace.ts'
import type { Network } from '../http/network.ts'
import { readSettings } from './config.ts'

/**
 * How git would reach a URL: by `http.proxy`, `http.sslCAInfo`, `http.sslCAPath`, and the environment variables that git and curl know.
 * `http.sslVerify=false` is not followed: the secret would go to any machine that answers.
 *
 * @param trace writes each exchange down
 * @throws Failure for a proxy that is no http URL, and where git's configuration cannot be read
 * @see https://git-scm.com/docs/git-config#Documentation/git-config.txt-httpproxy
 */
export function readNetwork(url: URL, env: NodeJS.ProcessEnv, trace?: Trace): Network {
  const traced = trace === undefined ? {} : { trace }
  if (url.protocol !== 'https:') return { proxy: undefined, certificateFiles: [], ...traced }
  // Every user of the machine can read git's arguments, and a query may be a signature.
  const settings = readSettings('http', `${url.origin}${url.pathname}`, env)
  const proxy =
    settings.get('proxy') ?? env['https_proxy'] ?? env['HTTPS_PROXY'] ?? env['all_proxy'] ?? env['ALL_PROXY']
  const directory = asAbsolute(env['GIT_SSL_CAPATH'] ?? settings.get('sslcapath'), env)
  return {
    proxy: proxy && !isExcluded(url.hostname, env) ? parseProxy(proxy) : undefined,
    certificateFiles: listCertificateFiles(env['GIT_SSL_CAINFO'] ?? settings.get('sslcainfo'), env),
    ...(directory === undefined ? {} : { certificateDirectory: directory }),
    ...traced,
  }
}

/** Reads NO_PROXY as curl does: each name stands for all names that end in it, and a star for all. */
function isExcluded(hostname: string, env: NodeJS.ProcessEnv): boolean {
  const names = (env['no_proxy'] ?? env['NO_PROXY'] ?? '').toLowerCase().split(/[\s,]+/)
  return names.some((name) => {
    const domain = name.replace(/^\./, '')
    return name === '*' || (domain !== '' && `.${hostname}`.endsWith(`.${domain}`))
  })
}

/** A value without a scheme means http, as for curl. */
function parseProxy(value: string): URL {
  const text = value.includes('://') ? value : `http://${value}`
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'http:') {
    throw new Failure('the proxy that is configured is not an http:// URL, and no other kind is supported', {
      code: 'unreachable',
      hints: [
        "git config --show-origin --name-only --get-regexp '^http\\.(.*\\.)?proxy$'",
        'or look at HTTPS_PROXY and ALL_PROXY',
      ],
    })
  }
  return url
}

/**
 * Node trusts NODE_EXTRA_CA_CERTS already. Files that we name replace it, so it is named with them, if it is there: Node
 * only warns where it is not.
 */
function listCertificateFiles(chosen: string | undefined, env: NodeJS.ProcessEnv): string[] {
  const named = env['NODE_EXTRA_CA_CERTS']
  const extra = named && existsSync(named) ? named : undefined
  const files = [chosen, env['SSL_CERT_FILE']]
    .map((file) => asAbsolute(file, env))
    .filter((file) => file !== undefined)
    .filter((file) => file !== extra)
  return [...new Set(files.length > 0 && extra ? [...files, extra] : files)]
}

/** Undefined for a relative path: it would name something in the repository that git works in, or on Windows on any drive. */
function asAbsolute(path: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  const whole = path?.replace(/^~(?=\/)/, findHome(env) ?? '')
  return whole !== undefined && isFixed(whole) ? whole : undefined
}
