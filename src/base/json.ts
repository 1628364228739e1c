/** A JSON object's members. Unchecked: whoever reads them knows what it needs. */
export type JsonObject = Readonly<Record<string, unknown>>

/** @returns undefined for a text that is no JSON object */
export function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Whether a value is a JSON object: no list, and not null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
