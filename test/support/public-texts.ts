import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { root, sources } from './documents.js';

export interface PublicText {
  /** The file and the line of one of its uses. */
  at: string;
  /** What is filled in counts as one word. */
  text: string;
}

/** Errors whose message is for callers or operators, with the argument that it is. */
const errors = new Map([
  ['Problem', 1],
  ['PhoneRefusal', 0],
  ['ConfigError', 0],
  ['ListenError', 0],
]);

/** Functions that make messages, with the argument that one is. */
const makers = new Map([
  ['Problem.conflict', 0],
  ['Problem.tooMany', 0],
  ['Problem.unavailable', 0],
  ['rule', 0],
  ['itemsRule', 1],
  ['textWithout', 0],
  ['failed', 1],
]);

/** Properties of objects that are texts: of errors, findings of health, decorators, settings and advice. */
const properties = new Set([
  'message',
  'error',
  'form',
  'detail',
  'title',
  'advice',
  'reason',
  'summary',
  'description',
  'leftOut',
]);

/** Methods of lists and maps that give what is in them. */
const readers = new Set(['get', 'find', 'join', 'at', 'filter']);

/** What stands for a part that is filled in: one word, and no letter. */
const FILLED_IN = '0';

/** The most texts that one expression is taken for. */
const MOST_VARIANTS = 50;

/**
 * The texts that callers and operators get from the sources below some folders: those by which errors, findings of health
 * and the OpenAPI document are made, wherever they come from. A text is followed from where it is used through
 * conditions, constants, maps and functions to its literals.
 */
export function publicTexts(...folders: string[]): PublicText[] {
  const files = sources(...folders).map(({ path }) => join(root, path));
  const program = ts.createProgram(files, { noLib: true, types: [] }, hostOf(files));
  const checker = program.getTypeChecker();
  const texts = new Map<string, PublicText>();
  for (const file of program.getSourceFiles()) {
    const visit = (node: ts.Node): void => {
      for (const used of usedAsText(node)) {
        for (const text of new Reading(checker).textsOf(used)) {
          const { line } = file.getLineAndCharacterOfPosition(used.getStart());
          const at = `${relative(root, file.fileName)}:${line + 1}`;
          if (isProse(text)) texts.set(text, { at, text });
        }
      }
      ts.forEachChild(node, visit);
    };
    visit(file);
  }
  return [...texts.values()];
}

/** Knows our own modules only: to read all the packages takes as long as all the rest of the tests of texts. */
function hostOf(files: readonly string[]): ts.CompilerHost {
  const own = new Set(files);
  const host = ts.createCompilerHost({});
  host.resolveModuleNameLiterals = (literals, from) =>
    literals.map(({ text }) => {
      const path = text.startsWith('#libs/')
        ? join(root, 'libs', text.slice('#libs/'.length), 'index.ts')
        : join(dirname(from), text.replace(/\.js$/, '.ts'));
      const known = own.has(path) && existsSync(path);
      return { resolvedModule: known ? { resolvedFileName: path, extension: ts.Extension.Ts } : undefined };
    });
  return host;
}

/** The expressions directly in a node that are texts. */
function usedAsText(node: ts.Node): ts.Expression[] {
  if (ts.isPropertyAssignment(node) && properties.has(node.name.getText())) return [node.initializer];
  if (ts.isShorthandPropertyAssignment(node) && properties.has(node.name.text)) return [node.name];
  if (ts.isNewExpression(node)) return argument(node.arguments, placeIn(node));
  if (ts.isCallExpression(node)) return argument(node.arguments, makers.get(node.expression.getText()));
  return [];
}

/** Health tells the message of whatever a check throws. */
function placeIn(node: ts.NewExpression): number | undefined {
  const name = node.expression.getText();
  const isOfHealth = name === 'Error' && node.getSourceFile().fileName.includes('/libs/health/');
  return isOfHealth ? 0 : errors.get(name);
}

function argument(given: readonly ts.Expression[] | undefined, place: number | undefined): ts.Expression[] {
  const found = place === undefined ? undefined : given?.[place];
  return found ? [found] : [];
}

/** Codes and single words say nothing that could be said more plainly. */
function isProse(text: string): boolean {
  return /\p{L}\S*\s+\S/u.test(text);
}

/** Finds the texts that an expression may come to; [] for what no literal decides. */
class Reading {
  private readonly underWay = new Set<ts.Node>();

  constructor(private readonly checker: ts.TypeChecker) {}

  textsOf(node: ts.Node): string[] {
    if (this.underWay.has(node)) return [];
    this.underWay.add(node);
    const found = this.read(node);
    this.underWay.delete(node);
    return [...new Set(found)].slice(0, MOST_VARIANTS);
  }

  private read(node: ts.Node): string[] {
    if (ts.isStringLiteralLike(node)) return [node.text];
    if (ts.isTemplateExpression(node)) return this.filledIn(node);
    if (ts.isConditionalExpression(node)) return this.all([node.whenTrue, node.whenFalse]);
    if (ts.isBinaryExpression(node)) return this.all([node.left, node.right]);
    if (ts.isArrayLiteralExpression(node)) return this.all(node.elements);
    if (ts.isObjectLiteralExpression(node)) return this.all(node.properties);
    if (ts.isPropertyAssignment(node)) return this.textsOf(node.initializer);
    if (ts.isNewExpression(node)) return this.all(node.arguments ?? []);
    if (ts.isCallExpression(node)) return this.ofCall(node);
    if (ts.isElementAccessExpression(node)) return this.textsOf(node.expression);
    if (ts.isIdentifier(node)) return this.declared(node);
    if (ts.isFunctionLike(node)) return this.returned(node);
    return this.wrapped(node);
  }

  private all(nodes: readonly ts.Node[]): string[] {
    return nodes.flatMap((node) => this.textsOf(node));
  }

  /** What stands in brackets or has a type said of it. */
  private wrapped(node: ts.Node): string[] {
    const isWrapper =
      ts.isParenthesizedExpression(node) ||
      ts.isAsExpression(node) ||
      ts.isNonNullExpression(node) ||
      ts.isSatisfiesExpression(node) ||
      ts.isSpreadElement(node) ||
      ts.isAwaitExpression(node);
    return isWrapper ? this.textsOf(node.expression) : [];
  }

  private filledIn({ head, templateSpans }: ts.TemplateExpression): string[] {
    let texts = [head.text];
    for (const { expression, literal } of templateSpans) {
      const parts = this.textsOf(expression);
      const filling = parts.length > 0 ? parts : [FILLED_IN];
      texts = texts.flatMap((text) => filling.map((part) => text + part + literal.text));
    }
    return texts;
  }

  /**
   * What a function or a method of ours returns, and what it is given, as it may be handed on. Of maps and lists, what
   * they have.
   */
  private ofCall({ expression, arguments: given }: ts.CallExpression): string[] {
    const isMethod = ts.isPropertyAccessExpression(expression);
    const own = this.textsOf(isMethod ? expression.name : expression);
    const kept = isMethod && readers.has(expression.name.text) ? this.textsOf(expression.expression) : [];
    return [...own, ...kept, ...this.all(given)].filter(isProse);
  }

  private declared(name: ts.Identifier): string[] {
    const parent = ts.isShorthandPropertyAssignment(name.parent) ? name.parent : undefined;
    let symbol = parent
      ? this.checker.getShorthandAssignmentValueSymbol(parent)
      : this.checker.getSymbolAtLocation(name);
    if (symbol && symbol.flags & ts.SymbolFlags.Alias) symbol = this.checker.getAliasedSymbol(symbol);
    const declaration = symbol?.valueDeclaration;
    if (!declaration) return [];
    if (ts.isFunctionDeclaration(declaration) || ts.isMethodDeclaration(declaration)) {
      return this.textsOf(declaration);
    }
    // One of several in a list that is taken apart may be any of them.
    const isListed = ts.isBindingElement(declaration) && ts.isArrayBindingPattern(declaration.parent);
    const whole = isListed ? declaration.parent.parent : declaration;
    return ts.isVariableDeclaration(whole) && whole.initializer ? this.textsOf(whole.initializer) : [];
  }

  private returned(made: ts.SignatureDeclaration): string[] {
    const body = 'body' in made ? made.body : undefined;
    if (!body) return [];
    if (!ts.isBlock(body)) return this.textsOf(body);
    const texts: string[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isReturnStatement(node) && node.expression) texts.push(...this.textsOf(node.expression));
      else if (!ts.isFunctionLike(node)) ts.forEachChild(node, visit);
    };
    visit(body);
    return texts;
  }
}
