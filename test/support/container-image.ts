import { textOf } from './documents.js';

export interface Instruction {
  name: string;
  /** What follows, lines that were continued joined by a space. */
  text: string;
}

export interface Stage {
  /** The image or the stage that it begins with. */
  from: string;
  alias: string | undefined;
  instructions: Instruction[];
}

/** The stages of the Dockerfile, the last of which is the image. */
export function stages(): Stage[] {
  const lines = textOf('Dockerfile')
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .replaceAll(/\s*\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line !== '');
  const found: Stage[] = [];
  for (const line of lines) {
    const [, name = '', text = ''] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
    if (name === 'FROM') {
      const [from = '', alias] = text.split(' AS ');
      found.push({ from, alias, instructions: [] });
    } else {
      const stage = found.at(-1);
      if (name === '' || stage === undefined) throw new Error(`Not understood in the Dockerfile: ${line}`);
      stage.instructions.push({ name, text });
    }
  }
  return found;
}

/** The stage that a stage is built upon, and that one's, and so on to itself. */
export function ancestry(stage: Stage, all: readonly Stage[]): Stage[] {
  const base = all.find(({ alias }) => alias === stage.from);
  return base === undefined ? [stage] : [...ancestry(base, all), stage];
}

/** A COPY: from the build's folder, or from another stage. */
export function copies(stage: Stage): { sources: string[]; target: string; stage: string | undefined }[] {
  return stage.instructions
    .filter(({ name }) => name === 'COPY')
    .map(({ text }) => {
      const words = text.split(' ');
      const from =
        words[0]?.startsWith('--from=') === true ? words.shift()?.slice('--from='.length) : undefined;
      return { sources: words.slice(0, -1), target: words.at(-1) ?? '', stage: from };
    });
}

/** The last instruction of that name. Throws when there is none. */
export function only(stage: Stage, name: string): string {
  const found = stage.instructions.filter((instruction) => instruction.name === name);
  if (found.length !== 1) throw new Error(`${found.length} instructions ${name}`);
  return found[0]?.text ?? '';
}
