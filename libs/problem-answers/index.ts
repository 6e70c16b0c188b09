export { addOwnHeaders, httpPort, type PortLimits } from './http-port.js';
export { answerWithProblem, ProblemFilter } from './problem-answer.js';
export { refuseTunnels } from './unreadable-requests.js';
