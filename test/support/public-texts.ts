import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { root, sources } from './documents.js';
import { isProse, Reading } from './literal-texts.js';

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
