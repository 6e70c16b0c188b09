export { Admission, type AdmissionLimits } from './admission.js';
