export { answerWithProblem, ProblemFilter } from './problem-answer.js';
