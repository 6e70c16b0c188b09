import ts from 'typescript';
import { sources } from './documents.js';

/** A name that the code of some folders offers to the rest of the code. */
export interface PublicName {
  name: string;
  path: string;
  /** The class whose method, or accessor, it is. */
  of?: string;
}

/** What the sources of `folders` export, and the methods and accessors of exported classes that are not private. */
export function publicNames(...folders: string[]): PublicName[] {
  return sources(...folders).flatMap(({ path, text }) =>
    namesIn(ts.createSourceFile(path, text, ts.ScriptTarget.ESNext)).map((name) => ({ path, ...name })),
  );
}

/** The methods and accessors of all classes, private ones as well. */
export function methodNames(...folders: string[]): PublicName[] {
  return sources(...folders).flatMap(({ path, text }) =>
    ts
      .createSourceFile(path, text, ts.ScriptTarget.ESNext)
      .statements.filter((statement) => ts.isClassDeclaration(statement))
      .flatMap((one) => methodsOf(one).map((method) => ({ path, ...method }))),
  );
}

/** The words of a name, in lower case: `LeaseKey` and `LEASE_KEY` are "lease" and "key". */
export function wordsOfName(name: string): string[] {
  return name
    .replaceAll(/([a-z\d])([A-Z])/g, '$1_$2')
    .split('_')
    .map((word) => word.toLowerCase())
    .filter((word) => /^[a-z]{2,}$/.test(word));
}

function namesIn(file: ts.SourceFile): Omit<PublicName, 'path'>[] {
  return file.statements.flatMap((statement): Omit<PublicName, 'path'>[] => {
    if (!ts.canHaveModifiers(statement) || !has(statement, ts.SyntaxKind.ExportKeyword)) return [];
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.flatMap(({ name }) =>
        ts.isIdentifier(name) ? [{ name: name.text }] : [],
      );
    }
    if (ts.isClassDeclaration(statement)) {
      const open = methodsOf(statement).filter(({ isPrivate }) => !isPrivate);
      return [{ name: statement.name?.text ?? '' }, ...open];
    }
    const { name } = statement as ts.DeclarationStatement;
    return name && ts.isIdentifier(name) ? [{ name: name.text }] : [];
  });
}

function methodsOf(one: ts.ClassDeclaration): { name: string; of: string; isPrivate: boolean }[] {
  return one.members.flatMap((member) =>
    (ts.isMethodDeclaration(member) || ts.isGetAccessor(member)) && ts.isIdentifier(member.name)
      ? [
          {
            name: member.name.text,
            of: one.name?.text ?? '',
            isPrivate: has(member, ts.SyntaxKind.PrivateKeyword),
          },
        ]
      : [],
  );
}

function has(node: ts.HasModifiers, kind: ts.SyntaxKind): boolean {
  return ts.getModifiers(node)?.some((modifier) => modifier.kind === kind) ?? false;
}
