import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findCache } from '../src/base/paths.ts'
import { plantToken } from './plantToken.ts'

type Coverage = {
  readonly result: readonly {
    readonly url: string
    readonly functions: readonly {
      readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[]
    }[]
  }[]
}

type Place = { readonly start: number; readonly end: number }

/**
 * Makes the entry start more quickly, and changes nothing of what it does. By how much is in docs/benchmarks.md.
 *
 * @param entry the path of a bundle by esbuild, in CommonJS, that answers a cached `get`
 */
export function quickenStart(entry: string): void {
  writeFileSync(entry, requireRest(takeModulesOnce(readFileSync(entry, 'utf8'))))
  writeFileSync(entry, compileEagerly(readFileSync(entry, 'utf8'), listCalled(entry)))
}

/** Each module of Node's is asked for once, and by the shorter way where there is one: Node 21 has none. */
function takeModulesOnce(source: string): string {
  return ['fs', 'path'].reduce((text, name) => {
    const call = `require("${name}")`
    const [first, variable] = new RegExp(String.raw`([\w$]+)=require\("${name}"\)`).exec(text) ?? []
    if (first === undefined || variable === undefined) throw new Error(`the entry does without ${name}`)
    const end = text.indexOf(first) + first.length
    const own = `${variable}=(process.getBuiltinModule||require)("${name}")`
    return text.slice(0, end - first.length) + own + text.slice(end).replaceAll(call, variable)
  }, source)
}

/** What is loaded lazily is CommonJS too, and Node's loader of modules, which `import` starts, is not needed for it. */
function requireRest(source: string): string {
  const [head, own] = ['"use strict";', 'async function requireRest(path){return require(path)}']
  if (!source.includes(head)) throw new Error('the entry has no beginning that is known')
  return source.replace(head, `${head}${own}`).replaceAll(/\bimport\((?="\.\/\w+\.cjs"\))/g, 'requireRest(')
}

/**
 * Makes the engine compile at once what each cached `get` runs. It skims over a function first, and reads it again when it is called;
 * one in parentheses it reads once. So those that one run has called become `var name=(function…)`, before all others, where
 * declarations are in effect too.
 *
 * @see https://v8.dev/blog/preparser#pife
 */
function compileEagerly(source: string, places: readonly Place[]): string {
  const called = places.flatMap((place) => {
    const text = source.slice(place.start, place.end)
    const [, keyword, name] = /^((?:async )?function\*?) ?([\w$]+)\(/.exec(text) ?? []
    // One that stands in another is read with it.
    const isOwn = keyword !== undefined && /[;}\n]/.test(source[place.start - 1] ?? '')
    return isOwn && name !== undefined ? [{ ...place, text, name, keyword }] : []
  })
  if (called.length === 0) throw new Error('a cached get has called nothing')
  let rest = source
  for (const { start, end } of called.toSorted((one, other) => other.start - one.start)) {
    rest = rest.slice(0, start) + rest.slice(end)
  }
  const eager = called.map(({ text, name, keyword }) => `${name}=(${keyword}${text.slice(text.indexOf('('))})`)
  return rest.replace(/^#!.*\n"use strict";/, (head) => `${head}var ${eager.join(',')};`)
}

/** The functions of the entry that a cached `get` calls, with a runtime directory and without, outermost ones only. */
function listCalled(entry: string): Place[] {
  const home = mkdtempSync(join(tmpdir(), 'build-'))
  try {
    const account = { protocol: 'https', host: 'bitbucket.org' }
    const runtime = join(home, 'runtime')
    const variables = { HOME: home, LOCALAPPDATA: home }
    for (const own of [join(runtime, 'git-credential-bitbucket-oauth'), findCache(variables) ?? home]) {
      plantToken(own, account, { accessToken: 'token', home })
    }
    const places = [variables, { ...variables, XDG_RUNTIME_DIR: runtime }].flatMap((env) => runCached(entry, home, env))
    return places.filter(
      ({ start, end }, index) =>
        !places.some((outer) => outer.start > 0 && outer.start < start && end <= outer.end) &&
        index === places.findIndex((other) => other.start === start),
    )
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

const REQUEST = 'capability[]=authtype\ncapability[]=state\nprotocol=https\nhost=bitbucket.org\n\n'

function runCached(entry: string, home: string, env: NodeJS.ProcessEnv): Place[] {
  const coverage = mkdtempSync(join(home, 'coverage-'))
  const { stdout } = spawnSync(process.execPath, [entry, 'get'], {
    env: { ...env, NODE_V8_COVERAGE: coverage },
    input: REQUEST,
    encoding: 'utf8',
  })
  if (!stdout.includes('password=token\n')) throw new Error('a cached get has brought no token')
  const [file = ''] = readdirSync(coverage)
  const { result } = JSON.parse(readFileSync(join(coverage, file), 'utf8')) as Coverage
  const functions = result.find(({ url }) => url.endsWith('/bin.cjs'))?.functions ?? []
  return functions.flatMap(({ ranges: [whole] }) =>
    whole !== undefined && whole.count > 0 ? [{ start: whole.startOffset, end: whole.endOffset }] : [],
  )
}
