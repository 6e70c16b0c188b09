import ts from 'typescript';

/** Methods of lists and maps that give what is in them. */
const readers = new Set(['get', 'find', 'join', 'at', 'filter']);

/** What stands for a part that is filled in: one word, and no letter. */
const FILLED_IN = '0';

/** The most texts that one expression is taken for. */
const MOST_VARIANTS = 50;

/** Codes and single words say nothing that could be said more plainly. */
export function isProse(text: string): boolean {
  return /\p{L}\S*\s+\S/u.test(text);
}

/** Finds the texts that an expression may come to; [] for what no literal decides. */
export class Reading {
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
