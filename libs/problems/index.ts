export { FieldError, ProblemDocument } from './problem-document.js';
export { problemKindNames, problemKinds, type ProblemKind } from './problem-kinds.js';
export { Problem, type ProblemOptions } from './problem.js';
export { toProblem } from './to-problem.js';
