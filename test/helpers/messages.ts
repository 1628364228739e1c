import ts from 'typescript'

/** Stands for a part that varies, as docs/troubleshooting.md writes it. */
const HOLE = '…'

/** With more choices than this, a part counts as one that varies. */
const MOST_TEXTS = 16

export type Messages = {
  /** The texts of all Failures. */
  readonly failures: readonly string[]
  /** All literals, so that other messages are known as well. */
  readonly literals: readonly string[]
}

/** What an expression may be, with a hole for each part that varies. */
type Reader = (expression: ts.Node, call?: ts.CallExpression) => readonly string[]

/**
 * All messages in a directory of TypeScript. A choice between literals makes two texts. A parameter stands for what its
 * callers give, so a function that makes Failures, as in `usageFailure('two refs are named')`, makes as many as it has
 * callers.
 */
export function readMessages(directory: string): Messages {
  const program = ts.createProgram(ts.sys.readDirectory(directory, ['.ts']), {
    allowImportingTsExtensions: true,
    module: ts.ModuleKind.NodeNext,
    noEmit: true,
    noLib: true,
    types: [],
  })
  const nodes = program
    .getSourceFiles()
    .filter(({ fileName }) => fileName.startsWith(directory))
    .flatMap(listNodes)
  const checker = program.getTypeChecker()
  const callsOf = groupCalls(checker, nodes)
  const read = makeReader(checker, callsOf)
  const failures = nodes
    .filter(ts.isNewExpression)
    .filter(({ expression }) => ts.isIdentifier(expression) && expression.text === 'Failure')
    .flatMap((made) => readFailure(made, callsOf, read))
  const literals = nodes
    .filter((node) => ts.isStringLiteralLike(node) || ts.isTemplateExpression(node))
    .flatMap((node) => read(node).map((text) => text.trim()))
  return { failures: withoutPrefixes(unique(failures.filter(hasWords))), literals: unique(literals.filter(hasWords)) }
}

/** Each call of the function that makes it is read on its own, so that its arguments stay together. */
function readFailure(
  made: ts.NewExpression,
  callsOf: ReadonlyMap<ts.Node, readonly ts.CallExpression[]>,
  read: Reader,
): readonly string[] {
  const [message] = made.arguments ?? []
  if (message === undefined) return []
  const maker = ts.findAncestor(made, ts.isFunctionLike)
  const calls = (maker && callsOf.get(maker)) ?? [undefined]
  return withoutCovered(calls.flatMap((call) => read(message, call)))
}

function makeReader(checker: ts.TypeChecker, callsOf: ReadonlyMap<ts.Node, readonly ts.CallExpression[]>): Reader {
  function readNode(node: ts.Node, call: ts.CallExpression | undefined, above: readonly ts.Node[]): readonly string[] {
    if (above.includes(node)) return [HOLE]
    const readPart = (part: ts.Node, of = call): readonly string[] => readNode(part, of, [...above, node])
    if (ts.isStringLiteralLike(node)) return [node.text]
    if (ts.isParenthesizedExpression(node)) return readPart(node.expression)
    if (ts.isConditionalExpression(node)) return unique([...readPart(node.whenTrue), ...readPart(node.whenFalse)])
    if (ts.isTemplateExpression(node)) {
      const spans = node.templateSpans.flatMap((span) => [readPart(span.expression), [span.literal.text]])
      return joinParts([[node.head.text], ...spans])
    }
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
      return joinParts([readPart(node.left), readPart(node.right)])
    }
    if (!ts.isIdentifier(node)) return [HOLE]
    const declaration = resolve(checker, node)?.valueDeclaration
    if (declaration === undefined) return [HOLE]
    if (ts.isVariableDeclaration(declaration)) return readGiven(declaration.initializer, call)
    if (!ts.isParameter(declaration)) return [HOLE]
    const calls = callsOf.get(declaration.parent) ?? []
    const chosen = call !== undefined && calls.includes(call) ? [call] : calls
    const place = declaration.parent.parameters.indexOf(declaration)
    return chosen.length === 0 ? [HOLE] : unique(chosen.flatMap((one) => readGiven(one.arguments[place])))

    function readGiven(given: ts.Node | undefined, of?: ts.CallExpression): readonly string[] {
      return given === undefined ? [HOLE] : readPart(given, of)
    }
  }

  return (expression, call) => readNode(expression, call, [])
}

function groupCalls(checker: ts.TypeChecker, nodes: readonly ts.Node[]): Map<ts.Node, ts.CallExpression[]> {
  const calls = new Map<ts.Node, ts.CallExpression[]>()
  for (const call of nodes.filter(ts.isCallExpression)) {
    const called = ts.isIdentifier(call.expression) ? resolve(checker, call.expression)?.valueDeclaration : undefined
    if (called !== undefined) calls.set(called, [...(calls.get(called) ?? []), call])
  }
  return calls
}

/** What a name stands for, in the file that declares it. */
function resolve(checker: ts.TypeChecker, name: ts.Identifier): ts.Symbol | undefined {
  const symbol = checker.getSymbolAtLocation(name)
  return symbol && symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
}

function listNodes(node: ts.Node): ts.Node[] {
  const nodes = [node]
  ts.forEachChild(node, (child) => {
    nodes.push(...listNodes(child))
  })
  return nodes
}

/** Every choice of a part with every choice of the others. */
function joinParts(parts: readonly (readonly string[])[]): readonly string[] {
  const count = parts.reduce((product, choices) => product * choices.length, 1)
  const few = count > MOST_TEXTS ? parts.map((choices) => (choices.length > 1 ? [HOLE] : choices)) : parts
  const texts = few.reduce((begun, choices) => begun.flatMap((text) => choices.map((choice) => text + choice)), [''])
  return unique(texts.map((text) => text.replaceAll(/…+/g, HOLE)))
}

/** Where the part of one caller is not known, the hole stands for those of all callers. */
function withoutCovered(texts: readonly string[]): readonly string[] {
  const telling = texts.filter(hasWords)
  return texts.filter((text) => !telling.some((other) => other !== text && covers(other, text)))
}

function covers(general: string, text: string): boolean {
  const parts = general.split(HOLE).map((part) => part.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`))
  return new RegExp(`^${parts.join('.*')}$`).test(text)
}

/** `no login is saved; no browser was opened` is two messages, and the first one has an entry of its own. */
function withoutPrefixes(texts: readonly string[]): readonly string[] {
  return unique(
    texts.map((text) => {
      const prefix = texts.find((other) => text.startsWith(`${other}; `))
      return prefix === undefined ? text : `${HOLE}${text.slice(prefix.length)}`
    }),
  )
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)]
}

function hasWords(text: string): boolean {
  return /\p{L}/u.test(text)
}
