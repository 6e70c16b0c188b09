import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import type { Edit } from './list.js';

/** A copy of the compiled service with one mutation in it, in a temporary folder. */
export class MutatedCopy {
  private constructor(readonly path: string) {}

  /**
   * Copies `dist` and compiles the files anew that the edits change. Throws when a text to be replaced does not
   * stand exactly once in its file: a mutation that mutates nothing would prove nothing.
   */
  static async of(edits: readonly Edit[]): Promise<MutatedCopy> {
    const path = await mkdtemp(join(tmpdir(), 'ems-mutation-'));
    const copy = new MutatedCopy(path);
    try {
      await cp('dist', join(path, 'dist'), { recursive: true });
      await cp('package.json', join(path, 'package.json'));
      await symlink(join(process.cwd(), 'node_modules'), join(path, 'node_modules'));
      for (const file of new Set(edits.map((edit) => edit.file))) {
        await copy.compile(
          file,
          edits.filter((edit) => edit.file === file),
        );
      }
      return copy;
    } catch (error) {
      await copy.remove();
      throw error;
    }
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }

  private async compile(file: string, edits: readonly Edit[]): Promise<void> {
    const source = await mutatedSource(file, edits);
    const { config } = ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path));
    const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, process.cwd());
    // One file at a time, as the sources are written for ("isolatedModules"): that takes no time.
    const compilerOptions = { ...options, module: ts.ModuleKind.ESNext };
    const { outputText } = ts.transpileModule(source, { compilerOptions, fileName: file });
    await writeFile(join(this.path, 'dist', file.replace(/\.ts$/, '.js')), outputText);
  }
}

/** The text of a file with its edits. Throws when one replaces a text that does not stand there exactly once. */
export async function mutatedSource(file: string, edits: readonly Edit[]): Promise<string> {
  let source = await readFile(file, 'utf8');
  for (const { replace, by } of edits) {
    const times = source.split(replace).length - 1;
    if (times !== 1) throw new Error(`${file} has ${times} times, and not once: ${replace}`);
    source = source.replace(replace, () => by);
  }
  return source;
}
