import { existsSync } from 'node:fs'
import { Failure } from '../base/failure.ts'
import { isFixed } from '../base/fixedPath.ts'
import type { Trace } from '../base/trace.ts'
import type { Network } from '../http/network.ts'
import { readPathSetting, readSettings, type Settings } from './config.ts'

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
  const asked = `${url.origin}${url.pathname}`
  const settings = readSettings('http', asked, env)
  const proxy =
    settings.get('proxy') ?? env['https_proxy'] ?? env['HTTPS_PROXY'] ?? env['all_proxy'] ?? env['ALL_PROXY']
  const directory = asFixed(env['GIT_SSL_CAPATH'] ?? findPath(settings, 'sslcapath', asked, env))
  return {
    proxy: proxy && !isExcluded(url.hostname, env) ? parseProxy(proxy) : undefined,
    certificateFiles: listCertificateFiles(env['GIT_SSL_CAINFO'] ?? findPath(settings, 'sslcainfo', asked, env), env),
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
    .map(asFixed)
    .filter((file) => file !== undefined)
    .filter((file) => file !== extra)
  return [...new Set(files.length > 0 && extra ? [...files, extra] : files)]
}

/**
 * A path of git's configuration, which git is asked for once more where it is no plain one.
 *
 * @returns undefined where it names a place of git's own installation and nothing is there
 */
export function findPath(
  settings: Settings,
  key: string,
  url: string,
  env: NodeJS.ProcessEnv,
  platform = process.platform,
): string | undefined {
  const path = settings.get(key)
  // Git for Windows takes `/mingw64/…` for what lies in its installation: portable ones configure that.
  const isGits =
    path !== undefined && (path.startsWith('%(prefix)/') || (path.startsWith('/') && !isFixed(path, platform)))
  if (!isGits && !path?.startsWith('~')) return path
  const whole = readPathSetting(`http.${key}`, url, env)
  return isGits && (whole === undefined || !existsSync(whole)) ? undefined : whole
}

/** Undefined for a path that depends on where one stands: it may name something in the repository that git works in. */
function asFixed(path: string | undefined): string | undefined {
  return path !== undefined && isFixed(path) ? path : undefined
}
