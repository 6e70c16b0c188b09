import { codeBlocks } from './documents.js';

/** Where a life begins. */
export const BEGINNING = '[*]';

export interface Transition {
  from: string;
  to: string;
  label: string;
}

/** A mermaid state diagram. */
export interface StateDiagram {
  /** Every state that is drawn, without the beginning. */
  states: Set<string>;
  transitions: Transition[];
}

/** The state diagrams of a page, in order. Throws for a line that is not understood, lest it be overlooked. */
export function stateDiagrams(page: string): StateDiagram[] {
  return codeBlocks(page)
    .filter(({ language }) => language === 'mermaid')
    .map(({ text }) => parse(text));
}

/** Arrows in a form that two sets of them can be compared by. */
export function arrows(transitions: Iterable<{ from: string; to: string }>): string[] {
  return [...new Set([...transitions].map(({ from, to }) => `${from} → ${to}`))].toSorted();
}

function parse(text: string): StateDiagram {
  const [kind, ...lines] = text.trim().split('\n');
  if (kind !== 'stateDiagram-v2') throw new Error(`Not a state diagram: ${kind}`);
  const transitions = lines.flatMap((line) => transition(line.trim()));
  const states = new Set(transitions.flatMap(({ from, to }) => [from, to]));
  states.delete(BEGINNING);
  return { states, transitions };
}

function transition(line: string): Transition[] {
  if (line === '' || line.startsWith('%%') || /^direction (LR|TB)$/.test(line)) return [];
  const [, from, to, label] = /^(\[\*\]|\w+) --> (\w+) : (.+)$/.exec(line) ?? [];
  if (from === undefined || to === undefined || label === undefined) {
    throw new Error(`Not understood in a state diagram: ${line}`);
  }
  return [{ from, to, label }];
}
