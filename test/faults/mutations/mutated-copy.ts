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
      for (const [file, source] of await mutatedSources(edits)) await copy.compile(file, source);
      return copy;
    } catch (error) {
      await copy.remove();
      throw error;
    }
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }

  private async compile(file: string, source: string): Promise<void> {
    const { config } = ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path));
    const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, process.cwd());
    // One file at a time, as the sources are written for ("isolatedModules"): that takes no time.
    const compilerOptions = { ...options, module: ts.ModuleKind.ESNext };
    const { outputText } = ts.transpileModule(source, { compilerOptions, fileName: file });
    await writeFile(join(this.path, 'dist', file.replace(/\.ts$/, '.js')), outputText);
  }
}

/** Files with their edited texts. Throws when a text to be replaced does not stand exactly once in its file. */
export async function mutatedSources(edits: readonly Edit[]): Promise<Map<string, string>> {
  const sources = new Map<string, string>();
  for (const { file, replace, by } of edits) {
    const source = sources.get(file) ?? (await readFile(file, 'utf8'));
    const times = source.split(replace).length - 1;
    if (times !== 1) throw new Error(`${file} has ${times} times, and not once: ${replace}`);
    sources.set(
      file,
      source.replace(replace, () => by),
    );
  }
  return sources;
}
