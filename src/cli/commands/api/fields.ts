import { isObject } from '../../../base/json.ts'
import { usageFailure } from '../../arguments.ts'

/** The JSON object of fields such as `title=Slow`, `target[ref]=main` and, for lists, `reviewers[]=alice`: all are texts. */
export function parseFields(fields: readonly string[]): object {
  const whole: Record<string, unknown> = {}
  for (const [path, value] of fields.map(splitField)) put(whole, path, value)
  return whole
}

/** The same for a query: the keys as they were typed. */
export function toQuery(fields: readonly string[]): [name: string, value: string][] {
  return fields.map((field) => {
    const [[first = '', ...rest], value] = splitField(field)
    return [[first, ...rest.map((part) => `[${part}]`)].join(''), value]
  })
}

function splitField(field: string): [path: readonly string[], value: string] {
  const [, first, rest = '', value = ''] = /^([^=[\]]+)((?:\[[^=[\]]*\])*)=(.*)$/s.exec(field) ?? []
  if (first === undefined)
    throw usageFailure('that is not a field', 'it has to look like title=Slow, or target[ref]=main')
  return [[first, ...[...rest.matchAll(/\[(.*?)\]/g)].map(([, part = '']) => part)], value]
}

/** The empty name stands for the end of a list. */
function put(whole: Record<string, unknown>, path: readonly string[], value: string): void {
  const [name = '', ...rest] = path
  const [next] = rest
  // Assigned, `__proto__` would not become a member.
  const has = Object.hasOwn(whole, name)
  const set = (member: unknown): void =>
    void Object.defineProperty(whole, name, { value: member, enumerable: true, writable: true, configurable: true })
  if (next === undefined) set(value)
  else if (next === '') {
    const list = has && Array.isArray(whole[name]) ? whole[name] : []
    if (rest.length > 1) throw usageFailure('a list of objects cannot be written as fields', 'send JSON: --input FILE')
    set([...list, value])
  } else {
    const inner = has && isObject(whole[name]) ? { ...whole[name] } : {}
    put(inner, rest, value)
    set(inner)
  }
}
