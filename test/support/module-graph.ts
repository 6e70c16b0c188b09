import { dirname, join } from 'node:path';
import { textOf } from './documents.js';

/** Imports that are left when types are erased. */
const importing = /^(?:import|export)\s+(?!type\b)(?:[^'";]+?\s+from\s+)?'([^']+)'/gm;

export interface ModuleGraph {
  /** Paths from the repository's root. */
  sources: Set<string>;
  /** Names of packages, without Node's own modules. */
  packages: Set<string>;
}

/** All that a source file needs when it runs, itself or through what it imports. */
export function graphFrom(path: string): ModuleGraph {
  const graph: ModuleGraph = { sources: new Set([path]), packages: new Set() };
  // A set goes on with what is added to it meanwhile.
  for (const source of graph.sources) {
    for (const [, specifier = ''] of textOf(source).matchAll(importing)) {
      const found = sourceOf(specifier, source);
      if (found !== undefined) graph.sources.add(found);
      else if (!specifier.startsWith('node:')) graph.packages.add(packageName(specifier));
    }
  }
  return graph;
}

function sourceOf(specifier: string, importer: string): string | undefined {
  if (specifier.startsWith('.')) return join(dirname(importer), specifier.replace(/\.js$/, '.ts'));
  if (specifier.startsWith('#libs/')) return join(specifier.slice(1), 'index.ts');
  return specifier === '#migrations' ? 'migrations/index.ts' : undefined;
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
