import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MOST_OUTPUT = 64 * 1_048_576;

/** The project as it was at a revision, built in a git worktree of its own in a temporary folder. */
export class EarlierTree {
  private constructor(
    private readonly root: string,
    private readonly folder: string,
  ) {}

  get path(): string {
    return join(this.folder, 'tree');
  }

  /**
   * Checks `revision` out of the repository at `root` and builds its service. Packages are those of `root` when the lock
   * files are equal, else they are installed. Nothing is left of it when that fails.
   */
  static async of(revision: string, root: string): Promise<EarlierTree> {
    const tree = new EarlierTree(root, await mkdtemp(join(tmpdir(), 'ems-bench-against-')));
    try {
      await run('git', ['worktree', 'add', '--detach', tree.path, revision], { cwd: root });
      await tree.installPackages();
      await run('npm', ['run', 'build'], { cwd: tree.path, maxBuffer: MOST_OUTPUT });
      return tree;
    } catch (error) {
      await tree.remove();
      throw error;
    }
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
    await run('git', ['worktree', 'prune'], { cwd: this.root });
  }

  /** Removes the folder in one tick; git forgets the worktree by itself. */
  removeNow(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async installPackages(): Promise<void> {
    const [own, earlier] = await Promise.all(
      [this.root, this.path].map((folder) => readFile(join(folder, 'package-lock.json'), 'utf8')),
    );
    if (own === earlier) await symlink(join(this.root, 'node_modules'), join(this.path, 'node_modules'));
    else await run('npm', ['ci'], { cwd: this.path, maxBuffer: MOST_OUTPUT });
  }
}
