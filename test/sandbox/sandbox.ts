import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer, Server as TlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Access } from './access.ts'
import { BitbucketApi } from './api.ts'
import { BitbucketArchives, isArchivePath } from './archives.ts'
import type { Tokens } from './bearer.ts'
import { Downloads } from './downloads.ts'
import { BitbucketGit, isGitPath } from './git.ts'
import { BitbucketLfs } from './lfs.ts'
import { BitbucketOAuth } from './oauth.ts'
import { OtherOrigin } from './otherOrigin.ts'
import { createRepository, createUmbrella, listCommits } from './repositories.ts'
import { BitbucketWorkspace, isWorkspacePath } from './workspace.ts'

export type Identity = { readonly key: string; readonly cert: string }

/**
 * A stand-in for Bitbucket on the loopback interface: its OAuth, its repositories with their archives and downloads, its
 * REST interface, and its large files.
 */
export class Sandbox {
  readonly origin: string
  readonly oauth: BitbucketOAuth
  readonly git: BitbucketGit
  readonly lfs: BitbucketLfs
  readonly api: BitbucketApi
  readonly archives: BitbucketArchives
  readonly downloads: Downloads
  readonly workspace: BitbucketWorkspace
  /** Where archives and downloads come from. */
  readonly otherOrigin: OtherOrigin
  /** Whom the workspace shuts out. */
  readonly access: Access = { noAccess: new Set(), rule: undefined }
  readonly #server: Server
  readonly #root: string

  /** What a client has to trust; undefined where it speaks plain http. */
  readonly certificate: string | undefined

  private constructor(server: Server, root: string, callback: string, origin: string, identity: Identity | undefined) {
    this.origin = origin
    this.certificate = identity?.cert
    this.oauth = new BitbucketOAuth(this.origin, callback)
    const tokens: Tokens = {
      scopesOf: (accessToken) => this.oauth.scopesOf(accessToken),
      wasIssued: (accessToken) => this.oauth.issued.has(accessToken),
    }
    this.otherOrigin = new OtherOrigin(identity)
    this.downloads = new Downloads(this.otherOrigin)
    this.git = new BitbucketGit(root, tokens.scopesOf, this.access)
    this.lfs = new BitbucketLfs(this.origin, tokens.scopesOf)
    this.api = new BitbucketApi(root, tokens, this.access, this.downloads)
    this.archives = new BitbucketArchives(root, tokens, this.access, this.otherOrigin)
    this.workspace = new BitbucketWorkspace(this.oauth)
    this.#server = server
    this.#root = root
    // A client that keeps its connection must not find it closed because a test kept this process busy.
    server.keepAliveTimeout = 120_000
    server.on('request', (request, response) => {
      this.#partFor(request.url ?? '')
        .handle(request, response)
        .catch((error: unknown) => {
          process.stderr.write(`sandbox: ${String(error)}\n`)
          response.destroy()
        })
    })
  }

  #partFor(
    url: string,
  ): BitbucketApi | BitbucketArchives | BitbucketGit | BitbucketLfs | BitbucketOAuth | BitbucketWorkspace {
    const [path = ''] = url.split('?')
    if (isWorkspacePath(path)) return this.workspace
    if (path.startsWith('/2.0/')) return this.api
    if (isArchivePath(path)) return this.archives
    if (/\.git\/info\/lfs\//.test(path)) return this.lfs
    return isGitPath(path) ? this.git : this.oauth
  }

  /**
   * Starts it with one private repository, acme/widgets.
   *
   * @param callback the callback URL that the consumer is registered with
   * @param options.tls https under this name, which has to be one of this machine's; port 0 is a free one. The
   *   certificate is good for the other `hosts` too; with `clientCertificate`, nobody gets in without that
   */
  static async start(
    callback: string,
    options: { tls?: { host: string; port: number; hosts?: readonly string[]; clientCertificate?: string } } = {},
  ): Promise<Sandbox> {
    const { tls } = options
    const root = await mkdtemp(join(tmpdir(), 'bitbucket-sandbox-'))
    createRepository(root, 'widgets')
    const identity = tls === undefined ? undefined : await makeIdentity([tls.host, ...(tls.hosts ?? [])])
    const { clientCertificate } = tls ?? {}
    const asked = clientCertificate === undefined ? {} : { requestCert: true, ca: clientCertificate }
    const server = identity === undefined ? createServer() : createTlsServer({ ...identity, ...asked })
    server.listen(tls?.port ?? 0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const url = new URL(tls === undefined ? `http://127.0.0.1:${port}` : `https://${tls.host}:${port}`)
    return new Sandbox(server, root, callback, url.origin, identity)
  }

  /** Shows another certificate from now on, where it speaks TLS. */
  present(identity: Identity): void {
    if (this.#server instanceof TlsServer) this.#server.setSecureContext(identity)
  }

  /** The URL of a repository of workspace acme. */
  repository(name: string, username?: string): string {
    const url = new URL(`${this.origin}/acme/${name}.git`)
    if (username !== undefined) url.username = username
    return url.href
  }

  /** Adds a private repository of workspace acme, with one commit. */
  addRepository(name: string): void {
    createRepository(this.#root, name)
  }

  /** What was committed to a repository of workspace acme, newest first: the first line of each message. */
  commits(name: string): string[] {
    return listCommits(this.#root, name)
  }

  /** Adds acme/umbrella, a repository with many submodules. */
  addUmbrella(): void {
    createUmbrella(this.#root)
  }

  async stop(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await this.otherOrigin.stop()
    await rm(this.#root, { recursive: true, force: true })
  }
}

const YEAR_MS = 365 * 24 * 3600 * 1000

/**
 * A key and a certificate that nobody trusts yet. It is good for the loopback address too, where the other origin is.
 *
 * @param options.issuer who signs it, in the place of itself
 * @param options.until when it ends; a year before, it begins
 */
export async function makeIdentity(
  hosts: readonly string[],
  { issuer, until }: { readonly issuer?: Identity; readonly until?: Date } = {},
): Promise<Identity> {
  const names = hosts.map((value) => ({ type: 2 as const, value }))
  const extensions = [
    { name: 'basicConstraints' as const, cA: issuer === undefined },
    { name: 'subjectAltName' as const, altNames: [...names, { type: 7 as const, ip: '127.0.0.1' }] },
  ]
  // Few tests need it, and it takes long to load.
  const { generate } = await import('selfsigned')
  const { private: key, cert } = await generate(
    [{ name: 'commonName', value: issuer === undefined ? 'Bitbucket sandbox' : (hosts[0] ?? '') }],
    {
      extensions,
      algorithm: 'sha256',
      ...(issuer === undefined ? {} : { ca: issuer }),
      ...(until === undefined ? {} : { notAfterDate: until, notBeforeDate: new Date(until.getTime() - YEAR_MS) }),
    },
  )
  return { key, cert }
}
